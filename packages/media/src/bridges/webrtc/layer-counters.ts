import type { PictureSize } from './picture-size.ts'

/** What came of a layer: its size as of now, its bit rate of late, its packets since the start. */
export type LayerCounters = Partial<PictureSize> & {
  /** As the publisher names it. */
  readonly name: string
  /** 0 while nothing comes. */
  readonly bitrateBps: number
  readonly packets: number
  /** Absent where losses cannot be told apart by layers. */
  readonly lost?: number
}
