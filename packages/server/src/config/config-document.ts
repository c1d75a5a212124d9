import { type Document, isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from 'yaml'
import { ConfigError, type KeyPath } from './config-error.ts'

/** Largest configuration file, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024
/** Nodes that aliases may unfold to: templates are fine, bombs are not. */
const MAX_ALIASES = 100

/** Errors of the YAML parser that are shown: the later ones mostly follow from the first. */
const MAX_YAML_ERRORS = 3

const yamlMessage = (code: string, message: string): string => {
  if (code === 'DUPLICATE_KEY') return 'this key is there twice: keep one'
  // The parser gives up on its stack.
  if (message.includes('call stack')) return 'is nested too deeply'
  return message.replace(QUOTED_TEXT, '$1')
}

/** Messages of the parser that repeat a piece of the file, which may be of a password. */
const QUOTED_TEXT = /^(Not a YAML token|Invalid escape sequence|Block scalar header includes extra characters|Unresolved (?:alias|tag)).*$/s

/** A configuration file's content, with the positions of its keys and values. */
export class ConfigDocument {
  readonly value: unknown
  readonly #name: string
  readonly #document: Document | undefined
  readonly #lines = new LineCounter()

  /**
   * @param name as positions show it
   * @throws ConfigError for what is not YAML, and for files that are too large or unfold to too much
   */
  constructor(name: string, text: string) {
    this.#name = name
    if (text.length > MAX_CONFIG_BYTES) throw new ConfigError([{ where: name, message: `is larger than ${MAX_CONFIG_BYTES} bytes` }])
    this.#document = this.#guard(() => parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, strict: true, logLevel: 'error' }))
    const { errors } = this.#document
    if (errors.length > 0)
      throw new ConfigError(
        errors.slice(0, MAX_YAML_ERRORS).map(({ pos, code, message }) => ({ where: this.#position(pos[0]), message: yamlMessage(code, message) })),
      )
    this.value = this.#guard(() => this.#document?.toJS({ maxAliasCount: MAX_ALIASES }))
  }

  /** Where a key's value stands, or the nearest section around it that is written down. */
  whereValue(key: KeyPath): string {
    for (let depth = key.length; depth > 0; depth--) {
      const node = this.#document?.getIn(key.slice(0, depth), true)
      if (isNode(node) && node.range) return this.#position(node.range[0])
    }
    return this.#name
  }

  /** Where a key itself stands. */
  whereKey(section: KeyPath, key: string): string {
    const map = section.length === 0 ? this.#document?.contents : this.#document?.getIn(section, true)
    if (!isMap(map)) return this.whereValue(section)
    const pair = map.items.find((item: Pair) => isScalar(item.key) && String(item.key.value) === key)
    return pair && isScalar(pair.key) && pair.key.range ? this.#position(pair.key.range[0]) : this.whereValue(section)
  }

  /** Whether a key is written down here. */
  has(key: KeyPath): boolean {
    return this.#document?.hasIn(key) ?? false
  }

  #position(offset: number): string {
    const { line, col } = this.#lines.linePos(offset)
    return `${this.#name}:${line}:${col}`
  }

  /** Aliases that unfold to too much, and nesting that is too deep for this machine's stack, are the file's fault. */
  #guard<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof RangeError) throw new ConfigError([{ where: this.#name, message: 'is nested too deeply' }])
      if (error instanceof ReferenceError && error.message.startsWith('Unresolved alias'))
        throw new ConfigError([{ where: this.#name, message: 'an alias (*name) has no anchor (&name): a value that begins with * needs quotes' }])
      if (error instanceof ReferenceError) throw new ConfigError([{ where: this.#name, message: `its aliases unfold to too much: use ${MAX_ALIASES} at most` }])
      throw error
    }
  }
}
