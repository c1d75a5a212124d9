import type { z } from 'zod'
import { configSchema } from './schema.ts'

type Schema = z.core.$ZodTypes

/** The keys below a section, in their order; none below what is no section. Below `paths` any name stands for all. */
export const knownKeys = (key: readonly (string | number)[]): readonly string[] => {
  const schema = schemaAt(key)
  return schema?._zod.def.type === 'object' ? Object.keys(schema._zod.def.shape) : []
}

/** What describes a key, without what says only that it may be missing. */
export const schemaAt = (key: readonly (string | number)[]): Schema | undefined => {
  let schema: Schema | undefined = unwrap(configSchema)
  for (const part of key) {
    const def: Schema['_zod']['def'] | undefined = schema?._zod.def
    if (def?.type === 'record') schema = unwrap(def.valueType)
    else if (def?.type === 'array') schema = unwrap(def.element)
    else schema = def?.type === 'object' ? unwrap(def.shape[part]) : undefined
  }
  return schema
}

const unwrap = (type: z.core.$ZodType | undefined): Schema | undefined => {
  const schema = type as Schema | undefined
  const def = schema?._zod.def
  if (def?.type === 'default' || def?.type === 'prefault' || def?.type === 'optional') return unwrap(def.innerType)
  return def?.type === 'pipe' ? unwrap(def.in) : schema
}
