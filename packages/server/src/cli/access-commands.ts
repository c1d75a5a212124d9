import { dirname, resolve } from 'node:path'
import { KEY_USAGE, runKeyCommand } from '../auth/key-command.ts'
import { readPassword } from '../auth/read-password.ts'
import { type CommandIo, runUserCommand, USER_USAGE } from '../auth/user-command.ts'
import { dataFolder } from '../config/data-folder.ts'
import { CONFIG_PLACES, loadConfig } from '../config/load-config.ts'
import { type Command, print } from './command.ts'

type RunInData = (args: readonly string[], dataFolder: string, io: CommandIo) => Promise<void>

/** Users and keys are in the data folder of the configuration, which `--config` names. */
const inDataFolder =
  (run: RunInData): Command['run'] =>
  async (args) => {
    const at = args.indexOf('--config')
    const { config, file } = loadConfig(at < 0 ? undefined : args[at + 1], process.env)
    const data = dataFolder(config.dataDir, dirname(file ?? resolve(CONFIG_PLACES[0])), process.env)
    await run(at < 0 ? args : args.toSpliced(at, 2), data, { print, readPassword: () => readPassword(process.stdin, process.stderr) })
    return 0
  }

export const userCommand: Command = {
  name: 'user',
  takes: 'add|password|remove|list|hash',
  about: 'users; see millrace user',
  usage: USER_USAGE,
  run: inDataFolder(runUserCommand),
}

export const keyCommand: Command = {
  name: 'key',
  takes: 'rotate|remove|list',
  about: 'publish keys of paths; see millrace key',
  usage: KEY_USAGE,
  run: inDataFolder(runKeyCommand),
}
