const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

/** For tests: parameter sets of x264, Constrained Baseline, 30 pictures a second. */
export const SPS_360P = bytes('6742c01ed900a02ff970110000030001000003003c0f162e48')
export const SPS_720P = bytes('6742c01fd9005005bb0110000003001000000303c0f1832480')
export const PPS = bytes('68cb83cb20')
