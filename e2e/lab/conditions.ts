import type { Impairment } from './impairment.ts'

/** Of the pictures that were sent and of those that came, the share that is decoded, 0 to 1; and the longest time between two of them. */
export type Aim = { readonly decodedOfSent: number; readonly decodedOfReceived: number; readonly longestGapMs: number }

/** Pictures go on as if nothing were lost. */
export const WATCHABLE: Aim = { decodedOfSent: 0.98, decodedOfReceived: 0.98, longestGapMs: 500 }
/** With more loss, or a longer way, some packets come only when the browser has given up waiting for their picture. */
const NEARLY: Aim = { decodedOfSent: 0.95, decodedOfReceived: 0.95, longestGapMs: 500 }
/** One packet in a hundred is lost twice, one in a thousand three times. */
const MOSTLY: Aim = { decodedOfSent: 0.9, decodedOfReceived: 0.95, longestGapMs: 500 }
/** Not all pictures can come, as all of them need the ones before. */
const MOVING: Aim = { decodedOfSent: 0.4, decodedOfReceived: 0.95, longestGapMs: 1000 }

/** A row of the table: how the path is, and what a viewer on it has to see. */
export type Condition = {
  readonly name: string
  readonly impairment: Impairment
  /** What the viewer has to see at least. */
  readonly aim?: Aim
  /** false: the browser is kept from asking for lost packets. */
  readonly retransmission?: boolean
}

/** Of the stream that the lab plays, in kbit/s, with sound and headers. */
export const STREAM_KBIT = 1650
/** Its picture, in kbit/s, and pictures a second. */
export const PICTURE_KBIT = 1500
export const PICTURE_RATE = 30

const BURSTS = { lost: 10, of: 500 }
const REORDER = { oneOf: 10, byMs: 20 }

/** The paths on which the system before this one failed. */
export const CONDITIONS: readonly Condition[] = [
  { name: 'no loss', impairment: {} },
  { name: '1 % lost', impairment: { lossDown: 1 } },
  { name: '2 % lost', impairment: { lossDown: 2 } },
  { name: '5 % lost', impairment: { lossDown: 5 } },
  { name: '10 % lost', impairment: { lossDown: 10 }, aim: MOSTLY },
  { name: '5 % lost both ways', impairment: { lossDown: 5, lossUp: 5 } },
  { name: '5 % lost, 40 ms round trip', impairment: { lossDown: 5, delayMs: 20 }, aim: NEARLY },
  { name: '5 % lost both ways, 100 ms round trip', impairment: { lossDown: 5, lossUp: 5, delayMs: 50 }, aim: NEARLY },
  { name: 'bursts of 10 lost', impairment: { burst: BURSTS } },
  { name: '1 in 10 later by 20 ms', impairment: { reorder: REORDER } },
  { name: '5 % lost, 1 in 10 later by 20 ms', impairment: { lossDown: 5, reorder: REORDER } },
  { name: 'link of 70 % of the stream', impairment: { rateKbit: Math.round(STREAM_KBIT * 0.7) }, aim: MOVING },
  { name: 'link of 70 % of the stream, by TCP', impairment: { rateKbit: Math.round(STREAM_KBIT * 0.7), noUdp: true }, aim: MOVING },
  { name: '2 % lost, no retransmission', impairment: { lossDown: 2 }, retransmission: false },
  { name: '5 % lost, no retransmission', impairment: { lossDown: 5 }, retransmission: false },
]
