import type { z } from 'zod'
import { choice, duration, flag, listenAddress, section } from './fields.ts'
import { hlsSection } from './sections/hls.ts'
import { limitsSection } from './sections/limits.ts'
import { completePath, pathDefaultsSection, pathFault, pathsSection } from './sections/paths.ts'
import { readerQueueSection } from './sections/reader-queue.ts'
import { rtmpSection } from './sections/rtmp.ts'
import { rtspSection } from './sections/rtsp.ts'
import { tlsSection } from './sections/tls.ts'
import { webrtcSection } from './sections/webrtc.ts'

/** The one description of millrace.yml: types, defaults, and what errors say. One file of sections/ for each section. */
const written = section({
  logLevel: choice(['error', 'warn', 'info', 'debug'], 'info').describe('error, warn, info or debug'),
  logFormat: choice(['pretty', 'json'], 'pretty').describe('pretty for people, json for programs'),
  host: listenAddress.prefault('127.0.0.1').describe('address to listen on; 0.0.0.0 for all of IPv4, :: for all'),
  rtsp: rtspSection,
  rtmp: rtmpSection,
  hls: hlsSection,
  webrtc: webrtcSection,
  tls: tlsSection,
  limits: limitsSection,
  demo: flag(true).describe('play a clip at the path demo'),
  republishGrace: duration('10s', '0s', '10m').describe('how long readers wait for a publisher that left; 0s to 10m'),
  readerQueue: readerQueueSection,
  pathDefaults: pathDefaultsSection,
  paths: pathsSection,
})

/** As it is written, checked, with all defaults filled in. */
export const configSchema = written.transform((config, context) => {
  const paths = Object.fromEntries(Object.entries(config.paths).map(([key, entry]) => [key, completePath(entry, config.pathDefaults)]))
  for (const [key, path] of Object.entries(paths)) {
    const fault = pathFault(key, path)
    if (fault) context.addIssue({ code: 'custom', message: fault.message, path: ['paths', key, fault.key] })
  }
  return { ...config, paths }
})

/** Durations in milliseconds, sizes in bytes; nothing is missing but what has no default. */
export type Config = z.output<typeof configSchema>

/** The keys below each section, as errors list them. */
export const knownKeys = (key: readonly (string | number)[]): readonly string[] => {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const part of key) schema = below(schema, String(part))
  return Object.keys(shapeOf(schema))
}

/** What a list of lists, a section of paths, a key with a default stands for. */
const unwrap = (schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined => {
  const def = (schema as z.core.$ZodTypes | undefined)?._zod.def
  if (def?.type === 'default' || def?.type === 'prefault' || def?.type === 'optional') return unwrap(def.innerType)
  return def?.type === 'pipe' ? unwrap(def.in) : schema
}

const shapeOf = (schema: z.core.$ZodType | undefined): z.core.$ZodShape => {
  const def = (unwrap(schema) as z.core.$ZodTypes | undefined)?._zod.def
  return def?.type === 'object' ? def.shape : {}
}

const below = (schema: z.core.$ZodType | undefined, key: string): z.core.$ZodType | undefined => {
  const def = (unwrap(schema) as z.core.$ZodTypes | undefined)?._zod.def
  if (def?.type === 'record') return def.valueType
  return def?.type === 'object' ? def.shape[key] : undefined
}
