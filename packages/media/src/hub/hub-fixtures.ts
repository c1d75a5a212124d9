import type { Codec } from '../codecs/codec.ts'
import type { Converters } from './converters.ts'
import type { Publisher } from './hub.ts'
import type { Packet } from './packet.ts'
import type { Unit } from './unit.ts'

/** For tests of the hub. */
export const H264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
export const OPUS: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }
export const PCMU: Codec = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 }

export const unit = (pts: number, randomAccess: boolean, bytes = 1): Unit => ({
  pts,
  dts: pts,
  randomAccess,
  data: [new Uint8Array(bytes).fill(pts & 0xff)],
  arrivalMs: pts / 90,
})

export const packet = (seq: number, timestamp: number, randomAccess: boolean, bytes = 1): Packet => ({
  seq,
  timestamp,
  marker: true,
  randomAccess,
  payload: new Uint8Array(bytes).fill(seq & 0xff),
  arrivalMs: timestamp / 90,
})

/** One unit is one packet. */
export const oneToOne: Converters = {
  makePacketizer: () => ({
    push: (from, firstSeq) => [
      { seq: firstSeq, timestamp: from.pts, marker: true, randomAccess: from.randomAccess, payload: from.data[0] as Uint8Array, arrivalMs: from.arrivalMs },
    ],
  }),
  makeDepacketizer: () => ({
    push: (from) => [{ pts: from.timestamp, dts: from.timestamp, randomAccess: from.randomAccess, data: [from.payload], arrivalMs: from.arrivalMs }],
  }),
}

export const publisher = (): Publisher & { readonly closed: string[] } => {
  const closed: string[] = []
  return { protocol: 'test', remote: '127.0.0.1:1', close: (message) => closed.push(message), closed }
}
