import { redactUrl } from '../log/redact-url.ts'

export const MASK = '***'

/** Keys whose values nobody is shown. */
const SECRET_KEY = /(?:^|[a-z])(?:pass|password|secret|credential|token|hash|ha1|publishKey|sharedKey|key)$/i
/** They end like secrets, and are names of files or plain settings. */
const OPEN_KEYS: ReadonlySet<string> = new Set(['tlsKey', 'keyFile'])

/** A configuration for those who may read it: secrets are `***`, URLs have no credentials. */
export const maskSecrets = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((entry) => maskSecrets(entry, key))
  if (isSection(value)) return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, maskSecrets(entry, name)]))
  if (typeof value !== 'string' || value === '') return value
  return isSecret(key) ? MASK : redactUrl(value)
}

/** Puts back what was masked, where it comes back as it was shown. */
export const unmaskSecrets = (next: unknown, stored: unknown, key = ''): unknown => {
  if (Array.isArray(next)) return next.map((entry, index) => unmaskSecrets(entry, Array.isArray(stored) ? stored[index] : undefined, key))
  if (isSection(next)) {
    return Object.fromEntries(Object.entries(next).map(([name, entry]) => [name, unmaskSecrets(entry, isSection(stored) ? stored[name] : undefined, name)]))
  }
  return typeof stored === 'string' && next === maskSecrets(stored, key) ? stored : next
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

const isSecret = (key: string): boolean => SECRET_KEY.test(key) && !OPEN_KEYS.has(key)

export const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
