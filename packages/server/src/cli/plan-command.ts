import { isIPv6 } from 'node:net'
import { parseArgs } from 'node:util'
import { documentOf } from '../config/edit-document.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { type Command, print, UsageError } from './command.ts'

const TIMEOUT_MS = 10_000

/** The server that runs could not be asked. */
export class PlanError extends Error {}

type Plan = {
  readonly changes: readonly string[]
  readonly listeners: readonly string[]
  readonly paths: readonly string[]
  readonly sessions: readonly string[]
}

/** `millrace plan`: what a configuration would change in the server that runs, asked by its API. */
export const planCommand: Command = {
  name: 'plan',
  takes: 'FILE [--api URL]',
  about: 'say what the running server would restart and drop for a configuration',
  run: async (args) => {
    const { values, positionals } = parseArgs({ args: [...args], options: { api: { type: 'string' } }, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('name one configuration: millrace plan FILE')
    const loaded = loadConfig(file, process.env)
    for (const line of planLines(await ask(values.api ?? apiUrl(loaded), documentOf(loaded.text)))) print(line)
    return 0
  },
}

/** The address of the API as the file has it; the server that runs may have been started with another. */
const apiUrl = ({ config: { api } }: LoadedConfig): string => {
  const host = api.host === '0.0.0.0' || api.host === '::' ? '127.0.0.1' : api.host
  return `http://${isIPv6(host) ? `[${host}]` : host}:${api.port}`
}

const ask = async (api: string, document: object): Promise<Plan> => {
  const response = await fetch(new URL('/v1/config/plan?whole=true', api), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(document),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new PlanError(
      `the API at ${api} does not answer (${error.cause instanceof Error ? error.cause.message : error.message}): is the server running? --api names another address`,
    )
  })
  const body = (await response.json().catch(() => ({}))) as Plan & { readonly detail?: string; readonly errors?: readonly { where: string; message: string }[] }
  if (response.ok) return body
  const faults = body.errors?.map(({ where, message }) => `\n${where}: ${message}`).join('') ?? ''
  throw new PlanError(`the API at ${api} answers ${response.status}: ${body.detail ?? response.statusText}${faults}`)
}

/** For people. */
export const planLines = ({ changes, listeners, paths, sessions }: Plan): string[] => {
  if (changes.length === 0) return ['nothing changes']
  const row = (title: string, entries: readonly string[]): string => `${title.padEnd(20)}${entries.join(', ') || 'none'}`
  return [
    row('changed keys', changes),
    row('listeners restarted', listeners),
    row('paths touched', paths),
    row('sessions dropped', sessions.length === 0 ? [] : [`${sessions.length}: ${sessions.join(', ')}`]),
  ]
}
