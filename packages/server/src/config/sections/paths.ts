import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import { parseRtspUrl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import { z } from 'zod'
import { choice, section } from '../fields.ts'

const pathName = z.string().superRefine((name, context) => {
  try {
    checkPathName(name)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

const SOURCE_ERROR =
  'must be an RTSP URL (rtsp://user:password@host:554/stream, with %40 for an @ in the password, %3A for :, %2F for /) or a file (file:clips/hall.mp4)'

const isSource = (text: string): boolean => {
  if (/^file:\S/i.test(text)) return true
  try {
    parseRtspUrl(text)
    return true
  } catch (error) {
    // Its message may have a part of a password in it that was not encoded.
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** What can be said about one path. */
export const pathSchema = section({
  source: z
    .string({ error: SOURCE_ERROR })
    .refine(isSource, { error: SOURCE_ERROR })
    .optional()
    .describe(
      'what the server pulls into the path: an RTSP URL, or a file, played over and over (`file:clips/hall.mp4` is relative to the configuration file)',
    ),
  rtspTransport: choice(['auto', 'tcp', 'udp'], 'auto').describe('how media of an RTSP source comes: auto, tcp or udp'),
})

export type PathConfig = z.output<typeof pathSchema>

export const pathsSection = z.record(pathName, pathSchema, { error: 'must be a section with path names below it' }).default({})
