import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { redactUrl } from '../log/redact-url.ts'
import { ConfigDocument } from './config-document.ts'
import { ConfigError, type Fault, type KeyPath } from './config-error.ts'
import { CONFIG_VARIABLE, environmentOverrides, type Override } from './environment.ts'
import { nearest } from './nearest.ts'
import { portConflicts } from './port-conflicts.ts'
import { type Config, configSchema } from './schema.ts'
import { knownKeys } from './schema-walk.ts'

/** Where a configuration is looked for when none is named. */
export const CONFIG_PLACES = ['millrace.yml', '/etc/millrace/millrace.yml'] as const

export type LoadedConfig = {
  readonly config: Config
  /** The file that was read, or undefined if there is none. */
  readonly file: string | undefined
  /** What it has. */
  readonly text: string
}

/**
 * Reads the configuration: the file that was named, else the one in `MILLRACE_CONFIG`, else the first that exists of `CONFIG_PLACES`.
 * @param named what the user gave on the command line
 * @throws ConfigError
 */
export const loadConfig = (named: string | undefined, env: NodeJS.ProcessEnv): LoadedConfig => {
  const found = readConfigFile(named ?? (env[CONFIG_VARIABLE] || undefined))
  const text = found?.text ?? ''
  return { config: parseConfig(found?.file ?? CONFIG_PLACES[0], text, env), file: found && resolve(found.file), text }
}

const readConfigFile = (named: string | undefined): { file: string; text: string } | undefined => {
  for (const file of named === undefined ? CONFIG_PLACES : [named]) {
    try {
      return { file, text: readFileSync(file, 'utf8') }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && named === undefined) continue
      throw new ConfigError([{ where: file, message: `cannot be read (${code}): name a file that exists, and that this user may read` }])
    }
  }
  return undefined
}

/**
 * @param name the file's name, as errors show it
 * @throws ConfigError with all faults that were found
 */
export const parseConfig = (name: string, text: string, env: NodeJS.ProcessEnv = {}): Config => {
  const document = new ConfigDocument(name, text)
  const value = withoutEmpty(document.value)
  const { overrides, faults } = environmentOverrides(env, isSection(value) && isSection(value.paths) ? Object.keys(value.paths) : [])
  // An empty file, and one with nothing but comments, is no fault.
  const input = value ?? {}
  for (const override of overrides) setIn(input, override.key, override.value)
  const origin = new Origin(document, overrides)
  const { data, error } = configSchema.safeParse(input)
  if (error) faults.push(...error.issues.flatMap((issue) => issueFaults(issue, input, origin)))
  else faults.push(...portFaults(data, origin))
  if (!data || faults.length > 0) throw new ConfigError(faults.sort((a, b) => a.where.localeCompare(b.where, 'en', { numeric: true })))
  return data
}

/** Where a key was set: in the file or in the environment. */
class Origin {
  readonly document: ConfigDocument
  readonly #variables: ReadonlyMap<string, string>

  constructor(document: ConfigDocument, overrides: readonly Override[]) {
    this.document = document
    this.#variables = new Map(overrides.map(({ variable, key }) => [dotted(key), variable]))
  }

  of(key: KeyPath): string {
    for (let depth = key.length; depth > 0; depth--) {
      const variable = this.#variables.get(dotted(key.slice(0, depth)))
      if (variable) return `environment variable ${variable}`
    }
    return this.document.whereValue(key)
  }

  /** Whether the user set this key, rather than its default. */
  has(key: KeyPath): boolean {
    return this.#variables.has(dotted(key)) || this.document.has(key)
  }
}

const issueFaults = (issue: z.core.$ZodIssue, input: unknown, origin: Origin): Fault[] => {
  const key = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => ({ where: origin.document.whereKey(key, unknown), message: unknownKeyMessage(key, unknown) }))
  }
  if (issue.code === 'invalid_key') {
    return [{ where: origin.document.whereKey(key.slice(0, -1), String(key.at(-1))), message: issue.issues.map(({ message }) => message).join('; ') }]
  }
  const value = valueIn(input, key)
  const subject = key.length === 0 ? 'the configuration' : dotted(key)
  return [{ where: origin.of(key), message: `${subject} is ${value === undefined ? 'missing' : shown(key, value)}: ${issue.message}` }]
}

/** Keys at the top that people who come from MediaMTX have in their files. */
const OF_MEDIAMTX = /^(?:auth(?:Method|InternalUsers|HTTP\w*|JWT\w*)|\w+(?:Address|Encryption|ServerKey|ServerCert)|rtspTransports|webrtcICEServers2)$/

const unknownKeyMessage = (section: KeyPath, key: string): string => {
  if (section.length === 0 && OF_MEDIAMTX.test(key)) return `${key} is a key of MediaMTX: docs/18-from-mediamtx.md says what it is here`
  const known = knownKeys(section)
  const meant = nearest(key, known)
  const place = section.length === 0 ? 'at the top' : `below ${dotted(section)}`
  const hint = meant ? `: did you mean ${meant}?` : ''
  return `${dotted([...section, key])} is no key that is known${hint} (known ${place}: ${known.join(', ')})`
}

const portFaults = (config: Config, origin: Origin): Fault[] =>
  portConflicts(config).map(({ key, other, transport, port }) => {
    const [mine, theirs] = origin.has(key) ? [key, other] : [other, key]
    return { where: origin.of(mine), message: `${dotted(mine)} is ${port}: ${dotted(theirs)} has this ${transport} port too; give them different ones` }
  })

const dotted = (key: KeyPath): string => key.join('.')

/** Values are shown short and without credentials. */
const shown = (key: KeyPath, value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (isSection(value)) return 'a section'
  // A credential may stand in the wrong place there.
  if (isSecret(key)) return `a ${typeof value}`
  return typeof value === 'string' ? JSON.stringify(withoutUserInfo(value).slice(0, 80)) : String(value)
}

const isSecret = (key: KeyPath): boolean => {
  const [first, second, , third] = key
  return (first === 'webrtc' && second === 'iceServers' && third !== 'urls') || /^(?:pass|password|secret|credential)$/i.test(String(key.at(-1)))
}

/** What stands before an @ may be a password also where the rest makes no URL. */
const withoutUserInfo = (text: string): string => {
  const redacted = redactUrl(text)
  return redacted === text ? text.replace(/^.*@/s, '***@') : redacted
}

const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const valueIn = (value: unknown, key: KeyPath): unknown =>
  key.reduce<unknown>((found, part) => (found as Record<string | number, unknown> | undefined)?.[part], value)

/** A copy without keys that have no value: they count as not there, but for a path, which is then one without settings. */
const withoutEmpty = (value: unknown, depth = 0, inPaths = false): unknown => {
  if (!isSection(value)) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== null || (inPaths && depth === 1))
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutEmpty(entry ?? {}, depth + 1, depth === 0 ? key === 'paths' : inPaths)]))
}

/** Makes the sections on the way; what is no section stays, for the schema to refuse. */
const setIn = (root: unknown, key: KeyPath, value: unknown): void => {
  let section = root
  for (const [depth, part] of key.entries()) {
    if (!isSection(section)) return
    if (depth === key.length - 1) section[part] = value
    else section = section[part] ??= {}
  }
}
