import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG_FOLDER, STATE_FOLDER, systemdUnit } from './systemd-unit.ts'

const UNIT = 'millrace.service'
const UNIT_FILE = join('/etc/systemd/system', UNIT)
const CONFIG_FILE = join(CONFIG_FOLDER, 'millrace.yml')
const USER = 'millrace'

const FIRST_CONFIG = `# All keys with their defaults are in millrace.example.yml of the program's folder.
# Changes are taken at once: systemctl reload millrace says when, journalctl -u millrace says what.

# All addresses. Who is not on this machine needs a user and a password; in the program's folder:
# sudo npm start -- user add NAME --read '~.*' --config /etc/millrace/millrace.yml
host: "::"
demo: false
logFormat: json
`

/** Cannot be done here; the message says what to do. */
export class ServiceError extends Error {}

export type Installation = {
  readonly node: string
  readonly main: string
  readonly program: string
}

/** The unit as it would be installed. */
export const unitText = (installation: Installation): string => systemdUnit({ ...installation, user: USER, configFile: CONFIG_FILE })

/**
 * Installs the service and starts it: a user of its own, a configuration unless there is one, the unit.
 * @param say takes what was done, line by line
 * @throws ServiceError
 */
export const installService = (installation: Installation, say: (line: string) => void): void => {
  needSystemd()
  if (!run('id', ['-u', USER]).ok) {
    must('useradd', ['--system', '--user-group', '--home-dir', STATE_FOLDER, '--no-create-home', '--shell', '/usr/sbin/nologin', USER])
    say(`made the user ${USER}`)
  }
  const readable = run('setpriv', ['--reuid', USER, '--regid', USER, '--clear-groups', installation.node, '--version'])
  if (!readable.ok)
    throw new ServiceError(
      `the user ${USER} cannot run ${installation.node}: put the program where everybody can read it, such as /opt/millrace, and try again`,
    )
  if (!existsSync(CONFIG_FILE)) {
    mkdirSync(CONFIG_FOLDER, { recursive: true, mode: 0o750 })
    writeFileSync(CONFIG_FILE, FIRST_CONFIG, { mode: 0o640 })
    own(CONFIG_FOLDER)
    own(CONFIG_FILE)
    say(`wrote ${CONFIG_FILE}`)
  }
  writeFileSync(UNIT_FILE, unitText(installation), { mode: 0o644 })
  say(`wrote ${UNIT_FILE}`)
  must('systemctl', ['daemon-reload'])
  must('systemctl', ['enable', UNIT])
  must('systemctl', ['restart', UNIT])
  say('enabled and started; journalctl -u millrace -f shows its log, with the administrator’s password at the first start')
}

/** After the program's files were updated: the unit is written anew and the service starts anew. */
export const updateService = (installation: Installation, say: (line: string) => void): void => {
  needSystemd()
  if (!existsSync(UNIT_FILE)) throw new ServiceError('the service is not installed: millrace service install')
  writeFileSync(UNIT_FILE, unitText(installation), { mode: 0o644 })
  must('systemctl', ['daemon-reload'])
  must('systemctl', ['restart', UNIT])
  say('updated and started anew')
}

/** Stops the service and removes its unit; configuration and data stay. */
export const removeService = (say: (line: string) => void): void => {
  needSystemd()
  run('systemctl', ['disable', '--now', UNIT])
  rmSync(UNIT_FILE, { force: true })
  must('systemctl', ['daemon-reload'])
  say(`removed; ${CONFIG_FOLDER}, ${STATE_FOLDER} and the user ${USER} are still there`)
}

/** @returns false if it does not run */
export const serviceStatus = (say: (line: string) => void): boolean => {
  if (!existsSync(UNIT_FILE)) {
    say('not installed: millrace service install')
    return false
  }
  const { output } = run('systemctl', ['status', '--no-pager', '--lines=10', UNIT])
  say(output.trimEnd())
  return run('systemctl', ['is-active', '--quiet', UNIT]).ok
}

const needSystemd = (): void => {
  if (!existsSync('/run/systemd/system'))
    throw new ServiceError(
      'systemd does not run here: "millrace service print" shows the unit; with another supervisor, let it run "npm start" and restart it when it ends',
    )
  if (process.getuid?.() !== 0) throw new ServiceError('only root can do this: put sudo before the command')
}

const run = (command: string, args: readonly string[]): { readonly ok: boolean; readonly output: string } => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
  return { ok: status === 0, output: error ? error.message : `${stdout}${stderr}` }
}

const must = (command: string, args: readonly string[]): void => {
  const { ok, output } = run(command, args)
  if (!ok) throw new ServiceError(`${command} ${args.join(' ')} failed: ${output.trim()}`)
}

const own = (file: string): void => {
  const id = (flag: string): number => Number(run('id', [flag, USER]).output)
  chownSync(file, id('-u'), id('-g'))
}
