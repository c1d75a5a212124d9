#!/usr/bin/env node
import { existsSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }
import { PasswordInputError } from './auth/read-password.ts'
import { CommandError } from './auth/user-command.ts'
import { UserStoreError } from './auth/user-store.ts'
import { keyCommand, userCommand } from './cli/access-commands.ts'
import { checkCommand } from './cli/check-command.ts'
import { type Command, print, UsageError } from './cli/command.ts'
import { PlanError, planCommand } from './cli/plan-command.ts'
import { runServer } from './cli/run-command.ts'
import { certCommand, doctorCommand, serviceCommand } from './cli/service-commands.ts'
import { ConfigError } from './config/config-error.ts'
import { nearest } from './config/nearest.ts'
import { ListenError } from './net/listen-error.ts'
import { ServiceError } from './service/service.ts'
import { CertificateError } from './tls/certificate-files.ts'

const COMMANDS: readonly Command[] = [checkCommand, planCommand, userCommand, keyCommand, certCommand, serviceCommand, doctorCommand]

const USAGE = `usage: millrace [FILE] [--ready-file READY]   run the server, with the configuration FILE or the one that is found
       millrace COMMAND …
       millrace --version | --help

${COMMANDS.map(({ name, takes, about }) => `${`${name} ${takes}`.padEnd(44)} ${about}`).join('\n')}

npm start -- … does the same in a copy of the sources. --ready-file writes the ports to READY, as JSON, when all of them are listened on;
--config FILE is FILE.`

/** Their message is for people, and says all. */
const TOLD_AS_THEY_ARE = [ConfigError, ListenError, CertificateError, UserStoreError, CommandError, PasswordInputError, PlanError, ServiceError]

const HELP = ['--help', '-h']
const [first = '', ...args] = process.argv.slice(2)
const command = COMMANDS.find(({ name }) => name === first)
const usage = command === undefined ? USAGE : (command.usage ?? `usage: millrace ${command.name} ${command.takes}\n\n${command.about}`)

const main = async (): Promise<number> => {
  if (command && !args.some((arg) => HELP.includes(arg))) return command.run(args)
  if (command || HELP.includes(first) || first === 'help') print(usage)
  else if (first === '--version') print(manifest.version)
  else {
    // The name of a configuration has a dot or a slash in it, mostly: this was to be a command.
    if (/^[a-z]+$/.test(first) && !existsSync(first)) throw new UsageError(`there is no command and no file ${first}${meant(first)}`)
    await runServer(process.argv.slice(2))
  }
  return 0
}

const meant = (typed: string): string => {
  const name = nearest(
    typed,
    COMMANDS.map(({ name }) => name),
  )
  return name === undefined ? '' : `: did you mean ${name}?`
}

/** What parseArgs advises, positional arguments that begin with a dash, is what nobody wants here. */
const shortened = (message: string): string => message.replace(/\. To specify a positional argument.*/s, '')

try {
  process.exitCode = await main()
} catch (error) {
  const isTypo = error instanceof UsageError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  if (isTypo) console.error(`${shortened((error as Error).message)}\n\n${usage}`)
  else if (TOLD_AS_THEY_ARE.some((kind) => error instanceof kind)) console.error((error as Error).message)
  else console.error(error)
  process.exit(1)
}
