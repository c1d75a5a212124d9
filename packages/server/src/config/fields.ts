import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration, parseSize } from './quantity.ts'

// Every message completes a sentence that begins with the key and its value: `rtsp.port is "x": must be …`.
// Every key is described where it stands: `port(8554).describe('…')`. Editors show it, and docs/7-configuration.md is held against it.

/** A section of keys; unknown ones are faults. Sections with defaults for all keys end with `.prefault({})`. */
export const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: 'must be a section with keys of its own below it' })

/** `true` or `false`. */
export const flag = (preset: boolean) => z.boolean({ error: 'must be true or false' }).default(preset)

/** @param what completes `must be …`, such as `the number of segments in a playlist` */
export const integer = (preset: number, least: number, most: number, what: string) => {
  const error = `must be ${what}, a whole number from ${least} to ${most}`
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error }).default(preset)
}

/** A port of TCP or UDP; 0 takes any free one. */
export const port = (preset: number) => integer(preset, 0, 65535, 'a port number (0 takes any free one)')

/** One of some words. */
export const choice = <const T extends string>(values: readonly [T, T, ...T[]], preset: NoInfer<T>) =>
  z
    .literal(values, { error: `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}` })
    .transform((value): T => value)
    .prefault(preset as z.util.NoUndefined<T>)

const quantity = (preset: string, parse: (text: string) => number | undefined, pattern: string, least: string, most: string, what: string) => {
  const message = `must be ${what} from ${least} to ${most}, such as ${preset}`
  return z
    .string({ error: message })
    .meta({ pattern })
    .transform((text, context) => {
      const value = parse(text)
      if (value !== undefined && value >= (parse(least) ?? 0) && value <= (parse(most) ?? 0)) return value
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
    .prefault(preset)
}

/** `500ms`, `10s`, `1m30s`, `1h`; milliseconds in the code. */
export const duration = (preset: string, least: string, most: string) =>
  quantity(preset, parseDuration, '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$', least, most, 'a duration')

/** `64KB` (thousands) or `64KiB` (1,024s); bytes in the code. */
export const size = (preset: string, least: string, most: string) => quantity(preset, parseSize, '^\\d+(\\.\\d+)? ?([KMG]i?B|B)$', least, most, 'a size')

/** Free text that is not there by default. */
export const text = (maxLength: number, what: string) => {
  const error = `must be ${what}, a text of 1 to ${maxLength} characters`
  return z.string({ error }).min(1, { error }).max(maxLength, { error }).optional()
}

const ADDRESS_ERROR = 'must be an IP address, without port and without brackets'
const address = z.string({ error: ADDRESS_ERROR }).refine((text) => isIP(text) !== 0, { error: ADDRESS_ERROR })

/** An IP address to listen on; `localhost` is 127.0.0.1. */
export const listenAddress = z
  .string({ error: ADDRESS_ERROR })
  .transform((text) => (text === 'localhost' ? '127.0.0.1' : text))
  .pipe(address)

type WithoutDefault<T> = T extends z.ZodDefault<infer U> | z.ZodPrefault<infer U> ? z.ZodOptional<U> : T

/** The same keys, missing where they are not set: what is set here goes before what is set elsewhere. */
export const withoutDefaults = <T extends z.ZodRawShape>(shape: T): { [K in keyof T]: WithoutDefault<T[K]> } => {
  const entries = Object.entries(shape).map(([key, field]) => {
    const isPreset = field instanceof z.ZodDefault || field instanceof z.ZodPrefault
    return [key, isPreset ? z.optional(field.def.innerType).describe(field.description ?? '') : field]
  })
  return Object.fromEntries(entries) as { [K in keyof T]: WithoutDefault<T[K]> }
}
