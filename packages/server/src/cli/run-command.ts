import { renameSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }
import { CONFIG_PLACES, loadConfig } from '../config/load-config.ts'
import type { Config } from '../config/schema.ts'
import { endOnSignals } from '../end-on-signals.ts'
import { createLog } from '../log/create-log.ts'
import { startMillrace } from '../start-millrace.ts'
import { startScreen } from '../start-screen.ts'
import { UsageError } from './command.ts'

const OPTIONS = { config: { type: 'string' }, 'ready-file': { type: 'string' } } as const

/** `millrace [FILE]`: the server, until it is told to end. */
export const runServer = async (args: readonly string[]): Promise<void> => {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const [named, ...rest] = positionals
  if (rest.length > 0 || (named !== undefined && values.config !== undefined)) throw new UsageError(`one configuration is enough: ${positionals.join(' ')}`)
  const loaded = loadConfig(named ?? values.config, process.env)
  const { config, file } = loaded
  const { logFile, logFileSize, logFileCount } = config
  const logTo = logFile === undefined ? undefined : { file: resolve(dirname(file ?? ''), logFile), maxBytes: logFileSize, keep: logFileCount }
  const log = createLog({ level: config.logLevel, format: config.logFormat, file: logTo })
  const millrace = await startMillrace(loaded, log)
  endOnSignals(
    log,
    () => millrace.close(),
    () => void millrace.store.reload(true),
  )
  const { ports, administratorPassword } = millrace
  process.stdout.write(
    startScreen({
      version: manifest.version,
      ports,
      host: config.host,
      networkAddresses: networkAddresses(),
      demo: config.demo,
      https: httpsOf(config),
      access: config.auth.method,
      administratorPassword,
      configFile: file,
      configPlaces: CONFIG_PLACES.map((place) => resolve(place)),
    }),
  )
  const readyFile = values['ready-file']
  if (readyFile === undefined) return
  // Renamed, so that who waits for it never reads half of it.
  writeFileSync(`${readyFile}.new`, JSON.stringify({ ports }))
  renameSync(`${readyFile}.new`, readyFile)
}

const httpsOf = ({ webrtc, tls }: Config): 'self-made' | 'configured' | 'off' => {
  if (webrtc.encryption === 'no') return 'off'
  return (webrtc.certificate ?? tls.certificate) === undefined ? 'self-made' : 'configured'
}

const networkAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
