import type { AmfObject } from '../../containers/flv/amf0.ts'
import { encodeCommand } from './command.ts'
import { MEDIA_STREAM_ID } from './message.ts'

/** The codes of info objects that we send, with their level. RTMP 1.0 sections 7.2.1.1, 7.2.2, and what servers have always sent beyond it. */
const LEVELS = {
  'NetConnection.Call.Failed': 'error',
  'NetConnection.Connect.Success': 'status',
  'NetStream.Pause.Notify': 'status',
  'NetStream.Play.Failed': 'error',
  'NetStream.Play.Reset': 'status',
  'NetStream.Play.Start': 'status',
  'NetStream.Play.Stop': 'status',
  'NetStream.Play.StreamNotFound': 'error',
  'NetStream.Play.UnpublishNotify': 'status',
  'NetStream.Publish.BadName': 'error',
  'NetStream.Publish.Failed': 'error',
  'NetStream.Publish.Start': 'status',
  'NetStream.Seek.Failed': 'error',
  'NetStream.Unpause.Notify': 'status',
  'NetStream.Unpublish.Success': 'status',
} as const

export type StatusCode = keyof typeof LEVELS

/** @param description for people */
export const statusInfo = (code: StatusCode, description: string): AmfObject => ({ level: LEVELS[code], code, description })

/** onStatus on the media stream, section 7.2.2. */
export const encodeStatus = (code: StatusCode, description: string): Uint8Array =>
  encodeCommand(MEDIA_STREAM_ID, 'onStatus', 0, null, statusInfo(code, description))
