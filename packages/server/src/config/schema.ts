import type { z } from 'zod'
import { choice, duration, flag, integer, listenAddress, section, size, text } from './fields.ts'
import { apiSection } from './sections/api.ts'
import { authSection } from './sections/auth.ts'
import { hlsSection } from './sections/hls.ts'
import { hooksSection } from './sections/hooks.ts'
import { limitsSection } from './sections/limits.ts'
import { metricsSection } from './sections/metrics.ts'
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
  logFile: text(4096, 'a file').describe('write the log to this file rather than to standard error; a relative name is relative to the configuration file'),
  logFileSize: size('10MB', '10KB', '1GB').describe('when the log file is this long, a new one is begun; 10KB to 1GB'),
  logFileCount: integer(5, 1, 100, 'a number of files').describe('earlier log files that are kept, as .1, .2 and so on'),
  host: listenAddress.prefault('127.0.0.1').describe('address to listen on; 0.0.0.0 for all of IPv4, :: for all'),
  rtsp: rtspSection,
  rtmp: rtmpSection,
  hls: hlsSection,
  webrtc: webrtcSection,
  tls: tlsSection,
  api: apiSection,
  metrics: metricsSection,
  limits: limitsSection,
  auth: authSection,
  hooks: hooksSection,
  dataDir: text(4096, 'a folder').describe(
    'where the server keeps what it makes itself, such as earlier configurations; $STATE_DIRECTORY of systemd, else the folder millrace-data beside this file',
  ),
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
