import { MAX_PATH_NAME } from '@millrace/media/hub/path-name.ts'

/** Begins the keys of `paths` that are regular expressions. */
export const PATTERN_MARK = '~'

/**
 * Ways in which a pattern may divide up a name. Matching tries each of them at worst, a few nanoseconds for each: three open-ended parts,
 * `(.+)/(.+)/(.+)`, are 256³, and two in one another, `(a+)+`, more than the age of the universe.
 */
export const MAX_PATTERN_WAYS = 2 ** 24 * 1.1

/** Repetitions that a name has room for. */
const MOST = MAX_PATH_NAME + 1

/** A path's key of the form `~regex`, as a regular expression for whole names. */
export type PathPattern = {
  /** @returns the whole name and what the groups matched ('' for groups that took no part), or undefined */
  match(name: string): readonly string[] | undefined
}

/**
 * @param key with the mark
 * @throws Error with a message for who wrote it: faulty, or could be made to run for very long by somebody's choice of a name
 */
export const compilePathPattern = (key: string): PathPattern => {
  const source = key.slice(PATTERN_MARK.length)
  if (source.length > MAX_PATH_NAME) throw new Error(`is longer than ${MAX_PATH_NAME} characters`)
  const pattern = compile(source)
  const ways = new WayCounter(source).count()
  if (ways > MAX_PATTERN_WAYS)
    throw new Error(
      'could take very long on some names: give it three open-ended parts (.+ or [^/]*) at most, and none that is repeated as a whole, as in (a+)+',
    )
  return { match: (name) => pattern.exec(name)?.map((group) => group ?? '') }
}

const compile = (source: string): RegExp => {
  try {
    return new RegExp(`^(?:${source})$`)
  } catch (error) {
    throw new Error(`is no regular expression (${error instanceof Error ? error.message.replace(/^.*: /, '') : 'unknown'})`)
  }
}

/** Counts in how many ways a valid regular expression can match one text: the steps of a backtracking matcher, within a factor. */
class WayCounter {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  count(): number {
    return this.#alternatives()
  }

  #alternatives(): number {
    let sum = this.#sequence()
    while (this.#source[this.#at] === '|') {
      this.#at++
      sum += this.#sequence()
    }
    return sum
  }

  #sequence(): number {
    let product = 1
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) product *= this.#repeated(this.#atom())
    return product
  }

  #atom(): number {
    const start = this.#source.charAt(this.#at++)
    if (start === '(') return this.#group()
    if (start === '[') this.#skipClass()
    if (start === '\\') this.#skipEscape()
    return 1
  }

  #group(): number {
    const [head] = /^(?:\?(?::|<(?![=!])\w+>|.{0,2}))?/.exec(this.#source.slice(this.#at)) ?? ['']
    if (head !== '' && head !== '?:' && !head.endsWith('>')) throw new Error('may not look ahead or back: (?= (?! (?<= (?<! are refused')
    this.#at += head.length
    const ways = this.#alternatives()
    this.#at++
    return ways
  }

  #skipClass(): void {
    while (this.#source.charAt(this.#at) !== ']') this.#at += this.#source.charAt(this.#at) === '\\' ? 2 : 1
    this.#at++
  }

  #skipEscape(): void {
    if (/[1-9k]/.test(this.#source.charAt(this.#at))) throw new Error('may not refer back to a group: \\1 and \\k are refused')
    this.#at++
  }

  /** @param ways of what is repeated */
  #repeated(ways: number): number {
    const [quantifier, least, comma, most] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at)) ?? []
    if (quantifier === undefined) return ways
    this.#at += quantifier.length
    const sign = quantifier.charAt(0)
    const from = sign === '+' ? 1 : Number(least ?? 0)
    const to = sign === '?' ? 1 : sign === '{' && comma === '' ? from : most ? Number(most) : MOST
    let sum = 0
    for (let times = Math.min(from, MOST); times <= Math.min(to, MOST); times++) sum += ways ** times
    return sum
  }
}
