import { COLUMNS, type ColumnName, type Sample } from './columns.ts'

/** One hour. */
export const MAX_SAMPLES = 3600

const WIDTH = COLUMNS.length
const FIRST_CAPACITY = 32
const ABSENT = 0xffff
const MAX_STORED = 0xfffe

/**
 * The newest samples of one session, 16 bits a value: 137 kB when an hour is full. It grows with the samples, so that a session of a
 * minute costs 2 kB.
 */
export class SampleRing {
  /** Samples pushed since the start. */
  pushed = 0
  #rows = new Uint16Array(FIRST_CAPACITY * WIDTH)

  /** Samples that are kept. */
  get length(): number {
    return Math.min(this.pushed, MAX_SAMPLES)
  }

  push(sample: Sample): void {
    if (this.pushed === this.#capacity && this.#capacity < MAX_SAMPLES) {
      const larger = new Uint16Array(Math.min(MAX_SAMPLES, this.#capacity * 2) * WIDTH)
      larger.set(this.#rows)
      this.#rows = larger
    }
    const start = (this.pushed % this.#capacity) * WIDTH
    for (let i = 0; i < WIDTH; i++) {
      const { name, step } = COLUMNS[i] as (typeof COLUMNS)[number]
      const value = sample[name]
      this.#rows[start + i] = value === undefined || Number.isNaN(value) ? ABSENT : Math.min(MAX_STORED, Math.max(0, Math.round(value / step)))
    }
    this.pushed++
  }

  /**
   * One sample in the order of the columns, with undefined for what is absent.
   * @param index from 0, the oldest that is kept, to `length` - 1
   */
  row(index: number): (number | undefined)[] {
    const start = this.#start(index)
    return COLUMNS.map((column, i) => stepsToValue(this.#rows[start + i] as number, column.step))
  }

  /** @param index as for `row` */
  sample(index: number): Sample {
    const start = this.#start(index)
    const sample: Partial<Record<ColumnName, number>> = {}
    COLUMNS.forEach(({ name, step }, i) => {
      const value = stepsToValue(this.#rows[start + i] as number, step)
      if (value !== undefined) sample[name] = value
    })
    return sample
  }

  get #capacity(): number {
    return this.#rows.length / WIDTH
  }

  #start(index: number): number {
    if (index < 0 || index >= this.length) throw new Error(`sample ${index} of ${this.length}`)
    return ((this.pushed - this.length + index) % this.#capacity) * WIDTH
  }
}

/** Without the digits that binary fractions add. */
const stepsToValue = (stored: number, step: number): number | undefined =>
  stored === ABSENT ? undefined : step === 1 ? stored : Math.round(stored * step * 10) / 10
