import type { Impairment } from './impairment.ts'

/** A row of the table: how the path is, and what a viewer on it has to see. */
export type Condition = {
  readonly name: string
  readonly impairment: Impairment
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
  { name: '10 % lost', impairment: { lossDown: 10 } },
  { name: '5 % lost both ways', impairment: { lossDown: 5, lossUp: 5 } },
  { name: '5 % lost, 40 ms round trip', impairment: { lossDown: 5, delayMs: 20 } },
  { name: '5 % lost both ways, 100 ms round trip', impairment: { lossDown: 5, lossUp: 5, delayMs: 50 } },
  { name: 'bursts of 10 lost', impairment: { burst: BURSTS } },
  { name: '1 in 10 later by 20 ms', impairment: { reorder: REORDER } },
  { name: '5 % lost, 1 in 10 later by 20 ms', impairment: { lossDown: 5, reorder: REORDER } },
  { name: 'link of 70 % of the stream', impairment: { rateKbit: Math.round(STREAM_KBIT * 0.7) } },
  { name: '2 % lost, no retransmission', impairment: { lossDown: 2 }, retransmission: false },
  { name: '5 % lost, no retransmission', impairment: { lossDown: 5 }, retransmission: false },
]
