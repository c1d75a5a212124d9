import type { Track } from './track.ts'
import { type Unit } from './unit.ts'
/** A unit and its track. */
export type CachedUnit = {
  readonly track: Track
  readonly unit: Unit
}
/**
 * The units of all tracks since the last picture where decoding can start, in the order they came, so that a late reader starts at once.
 * Bounded in bytes and count: a group of pictures past the bound is forgotten, and readers wait for the next one.
 * A stream without video caches nothing: every audio unit is a start.
 */
export declare class UnitCache {
  #private
  constructor(maxBytes?: number, maxUnits?: number)
  push(track: Track, unit: Unit): void
  get units(): readonly CachedUnit[]
  clear(): void
}
