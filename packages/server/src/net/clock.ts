/** The server's monotonic clock in milliseconds, with fractions. All `nowMs` and `arrivalMs` are of this clock. */
export const monotonicMs = (): number => performance.now()

/** Wall-clock milliseconds since 1970 for a moment of the monotonic clock; it does not jump with the system's clock. */
export const wallClockMs = (monotonic: number): number => performance.timeOrigin + monotonic
