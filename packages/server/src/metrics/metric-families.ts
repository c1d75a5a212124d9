import { Counter, Gauge, type Registry } from 'prom-client'

export type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

export type Family = {
  /** Without `millrace_`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
  /** Asked at each scrape. */
  read(): Iterable<Series>
}

export const PREFIX = 'millrace_'

/** Registers what is counted elsewhere: nothing is counted twice, and nothing costs anything between two scrapes. */
export const registerFamily = (registry: Registry, { name, help, type, labels, read }: Family): void => {
  const options = { name: PREFIX + name, help, labelNames: [...labels], registers: [registry] }
  if (type === 'gauge') {
    new Gauge({
      ...options,
      collect() {
        this.reset()
        for (const series of read()) this.set({ ...series.labels }, series.value)
      },
    })
  } else {
    new Counter({
      ...options,
      collect() {
        this.reset()
        for (const series of read()) this.inc({ ...series.labels }, series.value)
      },
    })
  }
}

/** A metric without labels. */
export const single = (value: number): Series[] => [{ labels: {}, value }]
