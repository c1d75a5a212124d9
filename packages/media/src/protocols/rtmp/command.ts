import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type AmfObject, type AmfValue, decodeAmf0, encodeAmf0, isAmfObject } from '../../containers/flv/amf0.ts'
import { encodeMessage } from './chunk-writer.ts'
import { CHUNK_STREAM, MESSAGE_TYPE, OUT_CHUNK_SIZE, type RtmpMessage } from './message.ts'

/** Longest command or data message that is read, in bytes. */
export const MAX_COMMAND_BYTES = 64 * 1024

/** RTMP 1.0 section 7.2: a call, or the answer to one. */
export type Command = {
  readonly name: string
  /** 0 where no answer is wanted. */
  readonly transactionId: number
  readonly object: AmfObject | undefined
  readonly args: readonly AmfValue[]
}

/**
 * @param message of type COMMAND_AMF0 or COMMAND_AMF3
 * @throws ProtocolError `rtmp/command`, `rtmp/command-too-long`, `amf0/…`
 */
export const decodeCommand = (message: RtmpMessage): Command => {
  const [name, transactionId, object, ...args] = decodeValues(message)
  if (typeof name !== 'string') throw new ProtocolError('rtmp/command', 'a command message does not begin with the name of a command')
  return {
    name,
    transactionId: typeof transactionId === 'number' ? transactionId : 0,
    object: isAmfObject(object) ? object : undefined,
    args,
  }
}

/**
 * The values of a command or data message. Those "of AMF3" are AMF0 after one byte of 0 in all that clients send.
 * @throws ProtocolError `rtmp/command-too-long`, `amf0/…`
 */
export const decodeValues = ({ type, payload }: RtmpMessage): AmfValue[] => {
  if (payload.length > MAX_COMMAND_BYTES) {
    throw new ProtocolError('rtmp/command-too-long', `a command or data message of ${payload.length} bytes; at most ${MAX_COMMAND_BYTES} are taken`)
  }
  const isAmf3 = type === MESSAGE_TYPE.COMMAND_AMF3 || type === MESSAGE_TYPE.DATA_AMF3
  return decodeAmf0(isAmf3 && payload[0] === 0 ? payload.subarray(1) : payload)
}

/** @param streamId 0 for the connection itself */
export const encodeCommand = (streamId: number, name: string, transactionId: number, ...values: readonly AmfValue[]): Uint8Array =>
  encodeMessage(
    CHUNK_STREAM.COMMAND,
    { type: MESSAGE_TYPE.COMMAND_AMF0, streamId, timestampMs: 0, payload: encodeAmf0(name, transactionId, ...values) },
    OUT_CHUNK_SIZE,
  )
