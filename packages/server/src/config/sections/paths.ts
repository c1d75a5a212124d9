import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import { parseRtspUrl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import { z } from 'zod'
import { choice, duration, flag, section, withoutDefaults } from '../fields.ts'
import { compilePathPattern, PATTERN_MARK } from '../path-pattern.ts'
import { hookKeys } from './hooks.ts'

/** The key of `paths` that stands for all names without an entry of their own. */
export const ALL_OTHERS = 'all_others'

const keyFault = (key: string): string | undefined => {
  try {
    if (key.startsWith(PATTERN_MARK)) compilePathPattern(key)
    else checkPathName(key)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error.message
    return `${key.slice(0, 80)} ${error instanceof Error ? error.message : ''}`
  }
}

const pathKey = z.string().superRefine((key, context) => {
  const fault = keyFault(key)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})

const SOURCE_ERROR =
  'must be an RTSP URL (rtsp://user:password@host:554/stream, with %40 for an @ in the password, %3A for :, %2F for /) or a file (file:clips/hall.mp4)'

/** What the name gives to a source: `$G0` is all of it, `$G1` what the first group of a `~regex` matched. */
export const NAME_GROUP = /\$G(\d)/g

const isSource = (text: string): boolean => {
  if (/^file:\S/i.test(text)) return true
  try {
    parseRtspUrl(text.replace(NAME_GROUP, '1'))
    return true
  } catch (error) {
    // Its message may have a part of a password in it that was not encoded.
    if (error instanceof ProtocolError) return false
    throw error
  }
}

const shape = {
  rtspTransport: choice(['auto', 'tcp', 'udp'], 'auto').describe('how media of an RTSP source comes: auto, tcp or udp'),
  sourceOnDemand: flag(false).describe('pull the source only while somebody watches; it begins with the first reader'),
  sourceOnDemandStartTimeout: duration('10s', '1s', '1m').describe('how long the first reader waits for the source; 1s to 1m'),
  sourceOnDemandCloseAfter: duration('10s', '0s', '1h').describe('how long the source goes on after its last reader; 0s to 1h'),
  ...hookKeys,
}

/** What every path has that does not say otherwise. */
export const pathDefaultsSection = section(shape).prefault({})

const pathSchema = section({
  source: z
    .string({ error: SOURCE_ERROR })
    .refine(isSource, { error: SOURCE_ERROR })
    .optional()
    .describe(
      'what the server pulls into the path: an RTSP URL, or a file, played over and over (file:clips/hall.mp4 is relative to the configuration file); $G1 stands for the first group of a ~regex',
    ),
  ...withoutDefaults(shape),
})

export const pathsSection = z
  .record(pathKey, pathSchema, { error: 'must be a section with path names below it' })
  .default({})
  .describe('paths by name, by ~regex, or all_others; with entries here, names that no entry fits are refused')

/** Settings of one path, complete. */
export type PathConfig = z.output<typeof pathDefaultsSection> & Pick<z.output<typeof pathSchema>, 'source'>

/** A path's settings with the defaults filled in. */
export const completePath = (entry: z.output<typeof pathSchema>, defaults: z.output<typeof pathDefaultsSection>): PathConfig => {
  const given = Object.entries(entry).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}

/** What cannot be used together in one entry: the key, and what is wrong with it. */
export const pathFault = (key: string, { source, sourceOnDemand }: PathConfig): { key: string; message: string } | undefined => {
  if (source === undefined) return undefined
  const isOneName = key !== ALL_OTHERS && !key.startsWith(PATTERN_MARK)
  if (!isOneName && !sourceOnDemand)
    return { key: 'sourceOnDemand', message: 'must be true beside a source of many paths: which of them to pull is known when they are asked for' }
  const most = key === ALL_OTHERS ? 0 : isOneName ? -1 : groupCount(key)
  const wrong = [...source.matchAll(NAME_GROUP)].find(([, index]) => Number(index) > most)
  if (wrong)
    return {
      key: 'source',
      message: most < 0 ? `may have ${wrong[0]} in it only below a ~regex or all_others` : `has ${wrong[0]} in it, but groups up to $G${most} only`,
    }
  return undefined
}

const groupCount = (key: string): number => (new RegExp(`${key.slice(1)}|`).exec('')?.length ?? 1) - 1
