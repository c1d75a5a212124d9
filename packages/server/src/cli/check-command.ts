import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CONFIG_PLACES, loadConfig } from '../config/load-config.ts'
import { type Command, print } from './command.ts'

/** `millrace check`: every fault with its line, and 1 as the exit code. */
export const checkCommand: Command = {
  name: 'check',
  takes: '[FILE]',
  about: 'check a configuration; nothing is started',
  run: (args) => {
    const { values, positionals } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, allowPositionals: true })
    const { file } = loadConfig(positionals[0] ?? values.config, process.env)
    print(file ? `${file} is good` : `there is no configuration at ${CONFIG_PLACES.map((place) => resolve(place)).join(' or ')}: the defaults are good`)
    return 0
  },
}
