import { z } from 'zod'
import { ACTIONS } from '../config/sections/auth.ts'
import { EVENT_TYPES } from '../net/event-bus.ts'

/** A schema with a name of its own in the document. */
const named = <T extends z.ZodType>(id: string, description: string, schema: T): T => schema.meta({ id, description })

const time = z.iso.datetime().describe('RFC 3339, UTC')
const bytes = z.int().min(0)
const bitsPerSecond = z.int().min(0)

export const SESSION_TYPES = ['rtspSession', 'rtmpConn', 'webRTCSession', 'hlsSession', 'rtspSource', 'fileSource', 'otherSession'] as const

const sessionType = named('SessionType', 'What it is, by the names of MediaMTX.', z.enum(SESSION_TYPES))

export const problemSchema = named(
  'Problem',
  'What was wrong, RFC 9457.',
  z.object({
    status: z.int(),
    title: z.string(),
    detail: z.string().describe('what was wrong, and what would be right'),
    errors: z
      .array(z.object({ where: z.string().describe('`query.page`, `body.reason`, `millrace.yml:4:9`'), message: z.string() }))
      .optional()
      .describe('each value that is wrong'),
  }),
)

export const sessionSchema = named(
  'Session',
  'A client that publishes or reads, or a source that the server pulls.',
  z.object({
    id: z.string(),
    type: sessionType,
    protocol: z.string().describe('`rtsp`, `rtmp`, `webrtc`, `hls`, `file`'),
    transport: z.enum(['udp', 'tcp']).nullable().describe('how its media goes; null until that is known'),
    path: z.string(),
    role: z.enum(['publisher', 'reader']),
    state: z.enum(['idle', 'read', 'publish']).describe('`idle` before media goes, and while it pauses'),
    remoteAddr: z.string().describe('`address:port`, or the URL of a source without its credentials'),
    user: z.string().describe('empty where no credentials were asked for'),
    userAgent: z.string().describe('empty where the client does not say'),
    tracks: z.array(z.string()).describe('codecs of the path, `H.264`'),
    created: time,
    uptime: z.number().min(0).describe('seconds'),
    bytesReceived: bytes.describe('bytes that the transport brought from the client: see docs/17-api.md'),
    bytesSent: bytes.describe('bytes that the transport took to the client'),
    bitrateReceived: bitsPerSecond.describe('bits per second, mean of the last 5 seconds'),
    bitrateSent: bitsPerSecond.describe('bits per second, mean of the last 5 seconds'),
    packetsLost: z.int().min(0).nullable().describe('on the way to or from the client; null where the protocol does not say'),
    dropped: z.int().min(0).describe('packets or messages that the server left out because the client or the way to it could not take them'),
    dropReason: z.enum(['slow-reader', 'congestion']).nullable(),
    rttMs: z.number().min(0).nullable(),
    jitterMs: z.number().min(0).nullable(),
    notice: z.string().nullable().describe('why less is sent than there is, for people'),
  }),
)

const sessionReference = z.object({ type: sessionType, id: z.string() })

export const trackSchema = named(
  'Track',
  'One elementary stream.',
  z.object({ kind: z.enum(['video', 'audio']), codec: z.string().describe('`H.264`'), clockRate: z.int(), channels: z.int().nullable() }),
)

export const pathSchema = named(
  'Path',
  'A live path.',
  z.object({
    name: z.string(),
    source: sessionReference.nullable().describe('who publishes; null while readers wait for a publisher that left'),
    ready: z.boolean(),
    readyTime: time.nullable().describe('since when the present publisher is there'),
    tracks: z.array(z.string()).describe('codecs, `H.264`'),
    trackDetails: z.array(trackSchema),
    bytesReceived: bytes.describe('from all publishers since the path began'),
    bytesSent: bytes.describe('to all readers since the path began'),
    bitrateReceived: bitsPerSecond,
    bitrateSent: bitsPerSecond,
    readers: z.array(sessionReference),
  }),
)

export const infoSchema = named(
  'Info',
  'The server.',
  z.object({
    version: z.string(),
    started: time,
    uptime: z.number().min(0).describe('seconds'),
    ready: z.boolean().describe('all listeners are up, and it is not stopping'),
    paths: z.int().min(0),
    publishers: z.int().min(0),
    readers: z.int().min(0),
    bitrateReceived: bitsPerSecond,
    bitrateSent: bitsPerSecond,
    memory: bytes.describe('resident set'),
    loopDelayMs: z.number().min(0).describe('how late the event loop was at worst in the last second'),
  }),
)

/** A JSON merge patch or document of the configuration; what is in it is checked by the configuration's own schema. */
export const configDocumentSchema = named(
  'ConfigDocument',
  'Keys as in millrace.yml; millrace.schema.json describes them. Secrets are shown as `***`; a `***` that is sent back leaves the secret as it is.',
  z.record(z.string(), z.unknown()),
)

export const pathConfigSchema = named(
  'PathConfig',
  'Keys of one entry below `paths` of millrace.yml. Secrets are shown as `***`; a `***` that is sent back leaves the secret as it is.',
  z.record(z.string(), z.unknown()),
)

export const planSchema = named(
  'Plan',
  'What a change does to what runs.',
  z.object({
    changes: z.array(z.string()).describe('keys that change'),
    listeners: z.array(z.string()).describe('listeners that are closed and opened again'),
    paths: z.array(z.string()).describe('paths whose source or settings change'),
    sessions: z.array(z.string()).describe('ids of sessions that end'),
  }),
)

export const appliedSchema = named(
  'Applied',
  'A change that is in force, and kept over a restart.',
  z.object({
    version: z.string().describe('of the history, to roll back to; empty if the history could not be written'),
    plan: planSchema,
    faults: z.array(z.string()).describe('what could not be done, such as a port that is taken; the rest is done'),
  }),
)

export const historyEntrySchema = named(
  'ConfigVersion',
  'One version of the configuration.',
  z.object({ version: z.string(), time, by: z.string().describe('a user, an address, or `file`'), changes: z.array(z.string()).describe('keys that changed') }),
)

const ips = z.array(z.string().max(64)).max(100).describe('networks that the user may come from; empty for all')
const permissions = z
  .array(
    z.strictObject({
      action: z.enum(ACTIONS),
      path: z.string().max(1024).default('').describe('a name, ~ and a regular expression, or nothing for all'),
    }),
  )
  .max(1000)
const password = z.string().min(8).max(1024)
const digest = z.boolean().describe('keep what RTSP Digest needs; has to come with the password')

export const userSchema = named('User', 'A user of the file of users.', z.object({ user: z.string(), permissions, ips, digest: z.boolean() }))

export const newUserSchema = named(
  'NewUser',
  'A user to be made.',
  z.strictObject({ password, permissions: permissions.min(1), ips: ips.default([]), digest: digest.default(false) }),
)

export const userPatchSchema = named(
  'UserPatch',
  'What is to be changed of a user.',
  z.strictObject({ password: password.optional(), permissions: permissions.min(1).optional(), ips: ips.optional(), digest: digest.optional() }),
)

export const streamKeySchema = named('StreamKey', 'A key, shown this once.', z.object({ path: z.string(), key: z.string() }))

export const eventSchema = named(
  'Event',
  'What happened.',
  z.object({
    type: z.enum(EVENT_TYPES),
    at: time,
    path: z.string().optional(),
    session: z.string().optional(),
    protocol: z.string().optional(),
    remote: z.string().optional(),
    user: z.string().optional(),
    reason: z.string().optional(),
  }),
)
