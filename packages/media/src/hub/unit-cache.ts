import type { Track } from './track.ts'
import { type Unit, unitBytes } from './unit.ts'

/** A unit and its track. */
export type CachedUnit = { readonly track: Track; readonly unit: Unit }

/**
 * The units of all tracks since the last picture where decoding can start, in the order they came, so that a late reader starts at once.
 * Bounded in bytes and count: a group of pictures past the bound is forgotten, and readers wait for the next one.
 * A stream without video caches nothing: every audio unit is a start.
 */
export class UnitCache {
  readonly #maxBytes: number
  readonly #maxUnits: number
  #units: CachedUnit[] = []
  #bytes = 0

  constructor(maxBytes = 16 * 1024 * 1024, maxUnits = 8192) {
    this.#maxBytes = maxBytes
    this.#maxUnits = maxUnits
  }

  push(track: Track, unit: Unit): void {
    if (track.codec.kind === 'video' && unit.randomAccess) this.clear()
    else if (this.#units.length === 0) return
    this.#units.push({ track, unit })
    this.#bytes += unitBytes(unit)
    if (this.#bytes > this.#maxBytes || this.#units.length > this.#maxUnits) this.clear()
  }

  get units(): readonly CachedUnit[] {
    return this.#units
  }

  clear(): void {
    this.#units = []
    this.#bytes = 0
  }
}
