import { configJsonSchema, configReference } from './reference.ts'
import { knownKeys, schemaAt } from './schema-walk.ts'

/** Where the guide's table of keys begins and ends. */
const TABLE_MARKS = ['<!-- keys: written by scripts/config-reference.mjs -->', '<!-- end of keys -->'] as const

/** millrace.schema.json, as it is shipped. */
export const schemaFileText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`

/**
 * docs/7-configuration.md with the table of keys as the schema has it.
 * @throws Error if the marks are not there
 */
export const guideWithKeys = (guide: string): string => {
  const [start, end] = TABLE_MARKS
  const from = guide.indexOf(start)
  const to = guide.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the guide has no place for the keys: ${start} … ${end}`)
  return `${guide.slice(0, from + start.length)}\n\n${keyTable()}\n${guide.slice(to)}`
}

/** The keys of a path stand once, with the default that pathDefaults has. */
const keyTable = (): string => {
  const all = configReference()
  const presets = new Map(all.map(({ key, preset }) => [key, preset]))
  const rows = all
    .filter(({ key }) => !key.startsWith('pathDefaults.'))
    .map(({ key, preset, text }) => {
      const shown = preset || presets.get(key.replace('paths.NAME.', 'pathDefaults.')) || ''
      return `| \`${key}\` | ${shown === '' ? '' : `\`${shown}\``} | ${text.replaceAll('|', '\\|')} |`
    })
  return `| key | default | |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** Keys that the example does not have, not even as a comment. */
export const missingInExample = (example: string): string[] => missing(sectionsOf(example), [])

/** The last part of every key in the text, below the top-level section that it stands in. */
const sectionsOf = (example: string): Set<string> => {
  const found = new Set<string>()
  let section = ''
  for (const line of example.split('\n')) {
    const [, indent = '', key = ''] = /^(#? *(?:# *)?)([\w~^$/.-]+):(?: |$)/.exec(line) ?? []
    if (key === '') continue
    if (indent === '' || indent === '# ') section = key
    found.add(`${section}.${key}`)
  }
  return found
}

const missing = (found: ReadonlySet<string>, section: readonly string[]): string[] =>
  knownKeys(section).flatMap((key) => {
    const at = [...section, key]
    const below = schemaAt(at)?._zod.def.type === 'record' ? [...at, 'NAME'] : at
    const isThere = found.has(`${at[0]}.${key}`) || (section.includes('NAME') && found.has(`pathDefaults.${key}`))
    const own = isThere ? [] : [at.join('.')]
    return [...own, ...missing(found, below)]
  })
