import { isDeepStrictEqual } from 'node:util'
import { redactUrl } from '../log/redact-url.ts'

export const MASK = '***'

/** Keys whose values nobody is shown. */
const SECRET_KEY = /(?:pass|password|secret|credential|token|hash|ha1)$/i
/** What tells entries of a list apart. */
const NAME_KEYS = ['user', 'url', 'urls', 'name'] as const

/** A configuration for those who may read it: secrets are `***`, URLs have no credentials. */
export const maskSecrets = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((entry) => maskSecrets(entry, key))
  if (isSection(value)) return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, maskSecrets(entry, name)]))
  if (typeof value !== 'string' || value === '') return value
  return SECRET_KEY.test(key) ? MASK : redactUrl(value)
}

/** Puts back what was masked, where it comes back as it was shown. */
export const unmaskSecrets = (next: unknown, stored: unknown, key = ''): unknown => {
  if (Array.isArray(next)) return next.map((entry) => unmaskSecrets(entry, counterpart(entry, Array.isArray(stored) ? stored : [], key), key))
  if (isSection(next)) {
    return Object.fromEntries(Object.entries(next).map(([name, entry]) => [name, unmaskSecrets(entry, isSection(stored) ? stored[name] : undefined, name)]))
  }
  return typeof stored === 'string' && next === maskSecrets(stored, key) ? stored : next
}

/** What of a stored list an entry is: the one that is shown so, else the one of the same name. Places in a list change. */
const counterpart = (entry: unknown, stored: readonly unknown[], key: string): unknown =>
  stored.find((one) => isDeepStrictEqual(maskSecrets(one, key), entry)) ??
  stored.find((one) => isSection(one) && isSection(entry) && NAME_KEYS.some((name) => entry[name] !== undefined && isDeepStrictEqual(entry[name], one[name])))

/** Where a secret is still masked, as faults name it: there is none to put back. */
export const maskedPlaces = (value: unknown, place: string, key = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((entry, index) => maskedPlaces(entry, `${place}.${index}`, key))
  if (isSection(value)) return Object.entries(value).flatMap(([name, entry]) => maskedPlaces(entry, `${place}.${name}`, name))
  const isMasked = typeof value === 'string' && (SECRET_KEY.test(key) ? value === MASK : /:\/\/\*\*\*@/.test(value))
  return isMasked ? [place] : []
}

/** RFC 7396: sections are merged, null removes, everything else replaces. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isSection(patch)) return patch
  const merged: Record<string, unknown> = isSection(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

export const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
