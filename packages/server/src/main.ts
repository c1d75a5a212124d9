import { renameSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { runKeyCommand } from './auth/key-command.ts'
import { PasswordInputError, readPassword } from './auth/read-password.ts'
import { CommandError, runUserCommand } from './auth/user-command.ts'
import { UserStoreError } from './auth/user-store.ts'
import { ConfigError } from './config/config-error.ts'
import { dataFolder } from './config/data-folder.ts'
import { CONFIG_PLACES, loadConfig } from './config/load-config.ts'
import { endOnSignals } from './end-on-signals.ts'
import { createLog } from './log/create-log.ts'
import { ListenError } from './net/listen-error.ts'
import { startMillrace } from './start-millrace.ts'
import { startScreen } from './start-screen.ts'

const USAGE = `usage: npm start -- [--config FILE] [--ready-file FILE]   run the server
       npm start -- check [FILE]                          check a configuration
       npm start -- user add|password|remove|list|hash    users, see npm start -- user
       npm start -- key rotate|remove|list                publish keys of paths, see npm start -- key
       npm start -- --version | --help

--config FILE      read this configuration instead of looking for one
--ready-file FILE  write the ports to FILE, as JSON, when all of them are listened on`

const OPTIONS = { config: { type: 'string' }, 'ready-file': { type: 'string' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

const main = async (): Promise<void> => {
  const [first = '', ...args] = process.argv.slice(2)
  if (first === 'user' || first === 'key') return manageAccess(first, args)
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const [command, file] = positionals
  if (values.help) console.log(USAGE)
  else if (values.version) console.log(manifest.version)
  else if (command === 'check') check(file ?? values.config)
  else if (command === undefined) await run(values.config, values['ready-file'])
  else throw new UsageError(`unknown command ${command}`)
}

/** What the user typed cannot be understood. */
class UsageError extends Error {}

const manageAccess = async (command: 'user' | 'key', args: readonly string[]): Promise<void> => {
  const at = args.indexOf('--config')
  const { config, file } = loadConfig(at < 0 ? undefined : args[at + 1], process.env)
  const data = dataFolder(config.dataDir, dirname(file ?? resolve(CONFIG_PLACES[0])), process.env)
  const rest = at < 0 ? args : args.toSpliced(at, 2)
  const io = { print: (line: string) => console.log(line), readPassword: () => readPassword(process.stdin, process.stderr) }
  await (command === 'user' ? runUserCommand(rest, data, io) : runKeyCommand(rest, data, io))
}

const check = (named: string | undefined): void => {
  const { file } = loadConfig(named, process.env)
  console.log(file ? `${file} is good` : `there is no configuration at ${CONFIG_PLACES.map((place) => resolve(place)).join(' or ')}: the defaults are good`)
}

const run = async (named: string | undefined, readyFile: string | undefined): Promise<void> => {
  const loaded = loadConfig(named, process.env)
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
  const { ports } = millrace
  const screen = {
    version: manifest.version,
    ports,
    host: config.host,
    networkAddresses: networkAddresses(),
    demo: config.demo,
    administratorPassword: millrace.administratorPassword,
    configFile: file,
    configPlaces: CONFIG_PLACES.map((place) => resolve(place)),
  }
  process.stdout.write(startScreen(screen))
  if (readyFile) {
    // Renamed, so that who waits for it never reads half of it.
    writeFileSync(`${readyFile}.new`, JSON.stringify({ ports }))
    renameSync(`${readyFile}.new`, readyFile)
  }
}

const networkAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)

/** Its message is for people. */
const isToldAsIs = (error: unknown): error is Error =>
  [ConfigError, ListenError, UserStoreError, CommandError, PasswordInputError].some((kind) => error instanceof kind)

try {
  await main()
} catch (error) {
  const isTypo = error instanceof UsageError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  if (isTypo) console.error(`${(error as Error).message}\n\n${USAGE}`)
  else if (isToldAsIs(error)) console.error(error.message)
  else console.error(error)
  process.exit(1)
}
