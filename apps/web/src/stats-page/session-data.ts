/** What `/PATH/stats.json` tells of one session. */
export type SessionSummary = {
  readonly id: string
  readonly role: 'publisher' | 'reader'
  readonly protocol: string
  readonly remote: string
  readonly started: string
  readonly ended?: string
  readonly samples: number
  /** Its flight recorder runs, or has run. */
  readonly recorded: boolean
  readonly now: Readonly<Record<string, number | undefined>>
  /** Of a publisher that sends several sizes, the smallest first. */
  readonly layers?: readonly { readonly name: string; readonly width?: number; readonly height?: number; readonly bitrateKbps: number }[]
  readonly verdict: {
    readonly culprit: 'camera' | 'uplink' | 'server' | 'downlink' | 'decoder' | 'none'
    readonly text: string
    readonly evidence: readonly string[]
  }
}

type Value = number | null

/** What `/PATH/stats/SESSION.json` gives: a row for each second, the first column its time in milliseconds since 1970. */
export type SessionRows = { readonly columns: readonly { readonly name: string }[]; readonly samples: readonly (readonly Value[])[] }

/** As much as the server keeps. */
const MAX_ROWS = 3600

/** The samples of one session, as far as they have been fetched. */
export class SessionData {
  #names: readonly string[] = []
  #rows: (readonly Value[])[] = []

  add({ columns, samples }: SessionRows): void {
    this.#names = columns.map(({ name }) => name)
    this.#rows = [...this.#rows, ...samples].slice(-MAX_ROWS)
  }

  /** Time of the newest sample, 0 before the first. */
  get newestMs(): number {
    return this.#rows.at(-1)?.[0] ?? 0
  }

  /** Whether any of the columns has had a value. */
  knows(names: readonly string[]): boolean {
    const indexes = names.map((name) => this.#names.indexOf(name))
    return this.#rows.some((row) => indexes.some((index) => typeof row[index] === 'number'))
  }

  /** Seconds since 1970, and the values of each column, of the samples from that time on. */
  series(names: readonly string[], fromMs: number): [times: number[], ...values: Value[][]] {
    const first = this.#rows.findIndex((row) => (row[0] ?? 0) >= fromMs)
    const rows = first < 0 ? [] : this.#rows.slice(first)
    return [rows.map((row) => (row[0] ?? 0) / 1000), ...names.map((name) => rows.map((row) => row[this.#names.indexOf(name)] ?? null))]
  }
}
