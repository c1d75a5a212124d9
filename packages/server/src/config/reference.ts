import { z } from 'zod'
import { configSchema } from './schema.ts'
import { knownKeys, schemaAt } from './schema-walk.ts'

/** JSON Schema as far as it is read here. */
type Node = {
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: { readonly [key: string]: Node }
  readonly additionalProperties?: Node | boolean
}

/** One key of the guide's table. */
export type ReferenceRow = { readonly key: string; readonly preset: string; readonly text: string }

/** JSON Schema (2020-12) of millrace.yml, for editors: what may be written, not what comes out of it. */
export const configJsonSchema = (): object => {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Keys without a value count as not there: nothing is required but within entries of lists.
      if (jsonSchema.default !== undefined && typeof jsonSchema.default === 'object' && !Array.isArray(jsonSchema.default)) delete jsonSchema.default
    },
  })
  return { $schema, title: 'millrace.yml', ...rest }
}

/** Every key with its default and its description, in the order of the file; `paths.NAME.source` stands for any path. */
export const configReference = (): ReferenceRow[] => rows(configJsonSchema() as Node, [])

const rows = (node: Node, section: readonly string[]): ReferenceRow[] =>
  knownKeys(section).flatMap((key): ReferenceRow[] => {
    const at = [...section, key]
    const child = node.properties?.[key] ?? {}
    const text = child.description ?? ''
    if (schemaAt(at)?._zod.def.type === 'record') {
      const entry = typeof child.additionalProperties === 'object' ? child.additionalProperties : {}
      const below = rows(entry, [...at, 'NAME'])
      return [{ key: at.join('.'), preset: '{}', text }, ...below]
    }
    if (knownKeys(at).length > 0) return rows(child, at)
    return [{ key: at.join('.'), preset: shown(child.default), text }]
  })

const shown = (preset: unknown): string => {
  if (preset === undefined) return ''
  if (Array.isArray(preset)) return `[${preset.map(String).join(', ')}]`
  return String(preset)
}
