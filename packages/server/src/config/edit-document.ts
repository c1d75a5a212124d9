import { isDeepStrictEqual } from 'node:util'
import { type Document, isAlias, isMap, isScalar, parseDocument } from 'yaml'
import { ConfigError } from './config-error.ts'

type Section = { readonly [key: string]: unknown }

/** What is written in a file, as plain values. The file has been checked before. */
export const documentOf = (text: string): Section => (parseDocument(text).toJS() as Section | null) ?? {}

/**
 * A file's text with other values in it: what is the same stays as it is written, with comments and order.
 * @throws ConfigError where the text's aliases stand in the way
 */
export const editDocument = (name: string, text: string, next: Section): string => {
  const document: Document = parseDocument(text)
  if (!isMap(document.contents)) document.contents = document.createNode({})
  setSection(document, [], documentOf(text), next)
  const edited = stringified(document)
  if (edited === undefined || !isDeepStrictEqual(documentOf(edited), JSON.parse(JSON.stringify(next))))
    throw new ConfigError([
      { where: name, message: 'cannot be changed by a program, because of the aliases in it: write them out, or change the file yourself' },
    ])
  return edited
}

const setSection = (document: Document, at: readonly string[], before: Section, next: Section): void => {
  for (const key of Object.keys(before)) if (valueIn(next, key) === undefined) document.deleteIn([...at, key])
  for (const [key, value] of Object.entries(next)) {
    const old = valueIn(before, key)
    if (value !== undefined && !isDeepStrictEqual(old, value)) setValue(document, [...at, key], old, value)
  }
}

/** A path may be called toString. */
const valueIn = (section: Section, key: string): unknown => (Object.hasOwn(section, key) ? section[key] : undefined)

const setValue = (document: Document, at: readonly string[], before: unknown, value: unknown): void => {
  const node = document.getIn(at, true)
  if (isMap(node) && isSection(before) && isSection(value)) setSection(document, at, before, value)
  // Its comment stays.
  else if (isScalar(node) && typeof value !== 'object') node.value = value
  else {
    if (isAlias(node)) document.deleteIn(at)
    document.setIn(at, document.createNode(value))
  }
}

const isSection = (value: unknown): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value)

const stringified = (document: Document): string | undefined => {
  try {
    return document.toString({ lineWidth: 0 })
  } catch {
    // An alias whose anchor went away.
    return undefined
  }
}
