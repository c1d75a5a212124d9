import { MAX_PATH_NAME } from '@millrace/media/hub/path-name.ts'

/** Begins the keys of `paths` that are regular expressions. */
export const PATTERN_MARK = '~'

/**
 * Steps that matching may take at worst, some nanoseconds each. Two parts that may be of any length and divide up a name among them, `(.+)-(.+)`,
 * take 256²; three take some tenths of a second, and one in another, `(a+)+`, longer than the age of the universe.
 */
export const MAX_PATTERN_STEPS = 2 ** 18

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
  if (new StepCounter(source).count() > MAX_PATTERN_STEPS)
    throw new Error(
      'could take very long on some names: give it two parts of any length (.+) at most, or say where they end ([^/]+/), and repeat none of them as a whole, as in (a+)+',
    )
  return { match: (name) => pattern.exec(name)?.map((group) => group ?? '') }
}

const compile = (source: string): RegExp => {
  try {
    // By itself first: parentheses that do not match one another could close ours.
    new RegExp(source)
    return new RegExp(`^(?:${source})$`)
  } catch (error) {
    throw new Error(`is no regular expression (${error instanceof Error ? error.message.replace(/^.*: /, '') : 'unknown'})`)
  }
}

/**
 * What a part costs a backtracking matcher at worst.
 * `ways`: in how many ways it can match from one place; what follows it is tried for each. `steps`: to try all of them.
 */
type Cost = { readonly ways: number; readonly steps: number }

const ONE: Cost = { ways: 1, steps: 1 }

/** Counts the steps of a valid regular expression, within a factor. */
class StepCounter {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  count(): number {
    return this.#alternatives().steps
  }

  #alternatives(): Cost {
    let { ways, steps } = this.#sequence()
    while (this.#source[this.#at] === '|') {
      this.#at++
      const other = this.#sequence()
      ways += other.ways
      steps += other.steps
    }
    return { ways, steps }
  }

  #sequence(): Cost {
    let ways = 1
    let steps = 1
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) {
      const part = this.#part()
      steps += ways * part.steps
      ways *= part.ways
    }
    return { ways, steps }
  }

  /** An atom with its quantifier. */
  #part(): Cost {
    const start = this.#at
    const atom = this.#atom()
    const isCharacter = this.#source.charAt(start) !== '('
    const text = this.#source.slice(start, this.#at)
    const [quantifier, least, comma, most] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at)) ?? []
    if (quantifier === undefined) return atom
    this.#at += quantifier.length
    const sign = quantifier.charAt(0)
    const from = Math.min(sign === '+' ? 1 : Number(least ?? 0), MOST)
    const to = Math.min(sign === '?' ? 1 : sign === '{' && comma === '' ? from : most ? Number(most) : MOST, MOST)
    let ways = 0
    let steps = 1
    for (let times = 0; times <= to; times++) {
      if (times >= from) ways += atom.ways ** times
      if (times > 0) steps += atom.ways ** (times - 1) * atom.steps
    }
    return { ways: isCharacter && this.#endsBeforeNext(text) ? 1 : ways, steps }
  }

  /** Whether what follows is a character that a repeated one cannot be, or the end: it matches in one way then. */
  #endsBeforeNext(repeated: string): boolean {
    const [, next] = /^\)*(?:\$?$|([\w/~-])(?![?*{]))/.exec(this.#source.slice(this.#at)) ?? [undefined, '']
    return next === undefined || (next !== '' && !new RegExp(`^${repeated}$`).test(next))
  }

  #atom(): Cost {
    const start = this.#source.charAt(this.#at++)
    if (start === '(') return this.#group()
    if (start === '[') this.#skipClass()
    if (start === '\\') this.#skipEscape()
    return ONE
  }

  #group(): Cost {
    const [head] = /^(?:\?(?::|<(?![=!])\w+>|.{0,2}))?/.exec(this.#source.slice(this.#at)) ?? ['']
    if (head !== '' && head !== '?:' && !head.endsWith('>')) throw new Error('may not look ahead or back: (?= (?! (?<= (?<! are refused')
    this.#at += head.length
    const cost = this.#alternatives()
    this.#at++
    return cost
  }

  #skipClass(): void {
    while (this.#source.charAt(this.#at) !== ']') this.#at += this.#source.charAt(this.#at) === '\\' ? 2 : 1
    this.#at++
  }

  #skipEscape(): void {
    if (/[1-9k]/.test(this.#source.charAt(this.#at))) throw new Error('may not refer back to a group: \\1 and \\k are refused')
    this.#at++
  }
}
