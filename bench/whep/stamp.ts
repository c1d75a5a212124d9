/** Where in an RTP payload the sending time is: behind the two bytes of a fragment's header. */
const STAMP_AT = 2

/** Milliseconds of the clock that all processes of a machine share. */
export const sharedClockMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const writeStamp = (payload: Buffer, ms: number): void => {
  payload.writeDoubleBE(ms, STAMP_AT)
}

export const readStamp = (payload: Buffer): number => payload.readDoubleBE(STAMP_AT)
