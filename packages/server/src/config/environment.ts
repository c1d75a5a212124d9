import { parse } from 'yaml'
import type { Fault, KeyPath } from './config-error.ts'
import { nearest } from './nearest.ts'
import { knownKeys, schemaAt } from './schema-walk.ts'

const PREFIX = 'MILLRACE_'
/** Says which file to read, and is no key itself. */
export const CONFIG_VARIABLE = 'MILLRACE_CONFIG'
/** For developers, and no key either: docs/design/native-calls.md. */
const NATIVE_VARIABLE = 'MILLRACE_NATIVE'
const PATHS_PREFIX = `${PREFIX}PATHS_`

/** A key that an environment variable sets. */
export type Override = { readonly variable: string; readonly key: KeyPath; readonly value: unknown }

/**
 * Keys set by environment variables: `rtsp.rtpPort` by `MILLRACE_RTSP_RTP_PORT`, `paths.cam1.source` by `MILLRACE_PATHS_CAM1_SOURCE`.
 * A path that the file names is found by its name in capitals with `_` for every other character; any other is taken in small letters.
 * Lists are separated by commas; lists of sections are written as in the file, `[{ urls: [stun:stun.example.org] }]`, ICE servers without password by
 * their URLs too. Empty variables count as not set.
 * @param pathNames names below `paths` in the file
 */
export const environmentOverrides = (env: NodeJS.ProcessEnv, pathNames: readonly string[]): { overrides: Override[]; faults: Fault[] } => {
  const overrides: Override[] = []
  const faults: Fault[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_VARIABLE || variable === NATIVE_VARIABLE || !text) continue
    const key = KNOWN.get(variable) ?? pathKey(variable, pathNames)
    if (key) overrides.push({ variable, key, value: typed(key, text) })
    else faults.push({ where: `environment variable ${variable}`, message: unknownMessage(variable, pathNames) })
  }
  return { overrides, faults }
}

const constantCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/\W/g, '_')
    .toUpperCase()

const knownVariables = (section: readonly string[]): [string, KeyPath][] =>
  knownKeys(section).flatMap((key): [string, KeyPath][] => {
    const path = [...section, key]
    if (key === 'paths') return []
    return knownKeys(path).length > 0 ? knownVariables(path) : [[PREFIX + path.map(constantCase).join('_'), path]]
  })

const KNOWN: ReadonlyMap<string, KeyPath> = new Map(knownVariables([]))
/** Longest first: `_SOURCE_ON_DEMAND` is no path's name with `_SOURCE`. */
const PATH_KEYS: readonly string[] = [...knownKeys(['paths', '*'])].sort((a, b) => b.length - a.length)

const pathKey = (variable: string, pathNames: readonly string[]): KeyPath | undefined => {
  if (!variable.startsWith(PATHS_PREFIX)) return undefined
  const rest = variable.slice(PATHS_PREFIX.length)
  const key = PATH_KEYS.find((candidate) => rest.endsWith(`_${constantCase(candidate)}`))
  if (!key) return undefined
  const name = rest.slice(0, -constantCase(key).length - 1)
  return name === '' ? undefined : ['paths', pathNames.find((path) => constantCase(path) === name) ?? name.toLowerCase(), key]
}

const unknownMessage = (variable: string, pathNames: readonly string[]): string => {
  const names = pathNames.length > 0 ? pathNames.map(constantCase) : ['NAME']
  const ofPaths = names.flatMap((name) => PATH_KEYS.map((key) => `${PATHS_PREFIX}${name}_${constantCase(key)}`))
  // What all have in common would make everything near.
  const known = [...KNOWN.keys(), CONFIG_VARIABLE, ...ofPaths].map((name) => name.slice(PREFIX.length))
  const meant = nearest(variable.slice(PREFIX.length), known)
  return meant ? `is unknown: did you mean ${PREFIX}${meant}?` : 'is unknown: docs/7-configuration.md lists those that are known'
}

const listed = (text: string): string[] => text.split(',').map((entry) => entry.trim())

/** The text as the key's type wants it; what it is not stays a text, for the schema to refuse. */
const typed = (key: KeyPath, text: string): unknown => {
  const schema = schemaAt(key)
  const type = schema?._zod.def.type
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'number' && /^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  if (type === 'array') return typedList(key, text)
  return text
}

const typedList = (key: KeyPath, text: string): unknown => {
  if (text.startsWith('[')) return flowList(text)
  return key.at(-1) === 'iceServers' ? listed(text).map((url) => ({ urls: [url] })) : listed(text)
}

const flowList = (text: string): unknown => {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return text
  }
}
