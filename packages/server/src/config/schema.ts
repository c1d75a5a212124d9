import { isIP } from 'node:net'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import { parseRtspUrl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import { z } from 'zod'
import { parseDuration, parseSize } from './quantity.ts'

// Every message completes a sentence that begins with the key and its value: `rtsp.port is "x": must be …`.

const flag = (preset: boolean) => z.boolean({ error: 'must be true or false' }).default(preset)

const integer = (preset: number, least: number, most: number, what: string) => {
  const error = `must be ${what}, a whole number from ${least} to ${most}`
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error }).default(preset)
}

const port = (preset: number) => integer(preset, 0, 65535, 'a port number (0 takes any free one)')

const choice = <const T extends string>(values: readonly [T, T, ...T[]], preset: NoInfer<T>) =>
  z
    .literal(values, { error: `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}` })
    .optional()
    .transform((value): T => value ?? preset)

const quantity = (preset: string, parse: (text: string) => number | undefined, least: string, most: string, what: string) => {
  const message = `must be ${what} from ${least} to ${most}, such as ${preset}`
  return z
    .string({ error: message })
    .transform((text, context) => {
      const value = parse(text)
      if (value !== undefined && value >= (parse(least) ?? 0) && value <= (parse(most) ?? 0)) return value
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
    .prefault(preset)
}

const duration = (preset: string, least: string, most: string) => quantity(preset, parseDuration, least, most, 'a duration')
const size = (preset: string, least: string, most: string) => quantity(preset, parseSize, least, most, 'a size')

const ADDRESS_ERROR = 'must be an IP address, without port and without brackets'
const address = z.string({ error: ADDRESS_ERROR }).refine((text) => isIP(text) !== 0, { error: ADDRESS_ERROR })
const listenAddress = z
  .string({ error: ADDRESS_ERROR })
  .transform((text) => (text === 'localhost' ? '127.0.0.1' : text))
  .pipe(address)

/** Fewer than the addresses of one answer, so that the machine's own are there too. */
const MAX_ADDITIONAL_HOSTS = 12
const ADDITIONAL_HOST_ERROR = 'must be an IP address, with the port where another one is forwarded: 203.0.113.7, 203.0.113.7:18189, [2001:db8::7]:18189'

const parseAdditionalHost = (text: string): { address: string; port: number | undefined } | undefined => {
  if (isIP(text) !== 0) return { address: text, port: undefined }
  const [, ipv6 = '', ipv4 = '', portText] = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = portText === undefined ? undefined : Number(portText)
  const isPort = port === undefined || (port > 0 && port < 65536)
  return isPort && (isIP(ipv6) === 6 || isIP(ipv4) === 4) ? { address: ipv6 || ipv4, port } : undefined
}

const additionalHost = z.string({ error: ADDITIONAL_HOST_ERROR }).transform((text, context) => {
  const host = parseAdditionalHost(text)
  if (host) return host
  context.addIssue({ code: 'custom', message: ADDITIONAL_HOST_ERROR })
  return z.NEVER
})

const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: 'must be a section with keys of its own below it' })

const ICE_URL_ERROR = 'must be a STUN or TURN server: stun:host:3478, turn:host:3478?transport=tcp, turns:host:5349'
// These go out in a header, RFC 9725 section 4.6.
const iceUrl = z.string({ error: ICE_URL_ERROR }).regex(/^(?:stuns?|turns?):[\w.:[\]-]+(?:\?transport=(?:udp|tcp))?$/, { error: ICE_URL_ERROR })
const SECRET_ERROR = 'must be 1 to 256 letters, digits and signs of ASCII'
const iceSecret = z
  .string({ error: SECRET_ERROR })
  .regex(/^[\x21-\x7e]{1,256}$/, { error: SECRET_ERROR })
  .optional()

/** As browsers take it: RTCIceServer. */
const iceServerShape = {
  urls: z.array(iceUrl, { error: 'must be a list of URLs' }).min(1, { error: 'must have a URL' }).max(8, { error: 'may have 8 entries at most' }),
  username: iceSecret,
  credential: iceSecret,
}
const iceServer = section(iceServerShape).refine(
  ({ urls, username, credential }) => (username !== undefined && credential !== undefined) || !urls.some((url) => url.startsWith('turn')),
  {
    error: 'must have username and credential beside a TURN server',
  },
)

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
  /** Pulled by the server: an RTSP URL, or a media file that is played over and over. */
  source: z.string({ error: SOURCE_ERROR }).refine(isSource, { error: SOURCE_ERROR }).optional(),
  rtspTransport: choice(['auto', 'tcp', 'udp'], 'auto'),
})

/** The one description of millrace.yml: types, defaults, and what errors say. */
export const configSchema = section({
  logLevel: choice(['error', 'warn', 'info', 'debug'], 'info'),
  logFormat: choice(['pretty', 'json'], 'pretty'),
  host: listenAddress.prefault('127.0.0.1'),
  rtsp: section({ enabled: flag(true), port: port(8554), rtpPort: port(8000), rtcpPort: port(8001) }).prefault({}),
  rtmp: section({ enabled: flag(true), port: port(1935) }).prefault({}),
  hls: section({
    enabled: flag(true),
    port: port(8888),
    segmentDuration: duration('1s', '200ms', '30s'),
    segmentCount: integer(7, 3, 100, 'the number of segments in a playlist'),
  }).prefault({}),
  webrtc: section({
    enabled: flag(true),
    port: port(8889),
    icePort: port(8189),
    additionalHosts: z
      .array(additionalHost, { error: 'must be a list of IP addresses' })
      .max(MAX_ADDITIONAL_HOSTS, { error: `may have ${MAX_ADDITIONAL_HOSTS} entries at most` })
      .default([]),
    iceServers: z.array(iceServer, { error: 'must be a list of sections with urls' }).max(8, { error: 'may have 8 entries at most' }).default([]),
  }).prefault({}),
  demo: flag(true),
  republishGrace: duration('10s', '0s', '10m'),
  readerQueue: section({ maxBytes: size('8MB', '64KB', '1GB'), maxAge: duration('5s', '500ms', '1m') }).prefault({}),
  paths: z.record(pathName, pathSchema, { error: 'must be a section with path names below it' }).default({}),
})

/** Durations in milliseconds, sizes in bytes; nothing is missing but sources. */
export type Config = z.output<typeof configSchema>
export type PathConfig = z.output<typeof pathSchema>

/** The keys below each section, by the section's dotted name (`''` for the top), as errors list them. */
export const knownKeys = (section: readonly (string | number)[]): readonly string[] => {
  if (section[0] === 'paths') return section.length === 2 ? Object.keys(pathSchema.shape) : []
  if (section[0] === 'webrtc' && section[1] === 'iceServers') return section.length === 3 ? Object.keys(iceServerShape) : []
  let found: unknown = DEFAULTS
  for (const key of section) found = (found as Record<string, unknown> | undefined)?.[key]
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.keys(found) : []
}

const DEFAULTS: Config = configSchema.parse({})
