import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { decodeRtcp } from '@millrace/media/protocols/rtp/rtcp.ts'
import type { Direction, SessionRecorder } from '../net/session-probe.ts'

/** How far a bundle goes back. */
export const FLIGHT_MS = 60_000
/** A minute of 6 Mbit/s; of more, the newest. */
const MAX_PACKETS = 32_768
/** Transport-wide feedback comes up to 20 times a second. */
const MAX_RTCP = 4096
/** What came before is kept however old it is, up to this number: offer and answer are among it. */
const MAX_NOTES = 512

type Timed<T> = T & { readonly atMs: number }

/** What `flight.json` has besides the session. */
export type Flight = {
  readonly notes: readonly { readonly time: number; readonly kind: string; readonly text: string }[]
  readonly rtcp: readonly { readonly time: number; readonly direction: Direction; readonly messages: unknown }[]
  readonly rtp: { readonly columns: readonly string[]; readonly packets: readonly (readonly (number | string)[])[] }
}

/** Keeps the last minute of a session: what was negotiated, RTCP, and the headers of RTP, but no media. About 1 MB. */
export class FlightRecorder implements SessionRecorder {
  readonly #now: () => number
  readonly #notes: Timed<{ kind: string; text: string }>[] = []
  readonly #rtcp: Timed<{ direction: Direction; packet: Uint8Array }>[] = []
  #packets = 0
  readonly #atMs = new Float64Array(MAX_PACKETS)
  readonly #timestamps = new Uint32Array(MAX_PACKETS)
  readonly #ssrcs = new Uint32Array(MAX_PACKETS)
  readonly #seqs = new Uint16Array(MAX_PACKETS)
  readonly #sizes = new Uint16Array(MAX_PACKETS)
  /** Marker and payload type, as in the packet's second byte. */
  readonly #types = new Uint8Array(MAX_PACKETS)
  readonly #isOut = new Uint8Array(MAX_PACKETS)

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  rtp(direction: Direction, bytes: Uint8Array, at: number, length: number): void {
    const slot = this.#packets++ % MAX_PACKETS
    this.#atMs[slot] = this.#now()
    this.#isOut[slot] = direction === 'out' ? 1 : 0
    this.#types[slot] = bytes[at + 1] ?? 0
    this.#seqs[slot] = read16(bytes, at + 2)
    this.#timestamps[slot] = read32(bytes, at + 4)
    this.#ssrcs[slot] = read32(bytes, at + 8)
    this.#sizes[slot] = length
  }

  rtcp(direction: Direction, packet: Uint8Array): void {
    this.#rtcp.push({ atMs: this.#now(), direction, packet: new Uint8Array(packet) })
    if (this.#rtcp.length >= 2 * MAX_RTCP) this.#rtcp.splice(0, MAX_RTCP)
  }

  note(kind: string, text: string): void {
    this.#notes.push({ atMs: this.#now(), kind, text })
    // Checks repeat; what the session began with does not.
    if (this.#notes.length > MAX_NOTES) {
      const oldest = this.#notes.findIndex((note) => note.kind === 'ice-check')
      this.#notes.splice(Math.max(0, oldest), 1)
    }
  }

  /** @param wallClockMs milliseconds since 1970 of a moment of the monotonic clock */
  bundle(wallClockMs: (atMs: number) => number): Flight {
    const sinceMs = this.#now() - FLIGHT_MS
    const time = (atMs: number): number => Math.round(wallClockMs(atMs) * 10) / 10
    const packets: (number | string)[][] = []
    for (let i = Math.max(0, this.#packets - MAX_PACKETS); i < this.#packets; i++) {
      const slot = i % MAX_PACKETS
      const atMs = this.#atMs[slot] as number
      if (atMs < sinceMs) continue
      const type = this.#types[slot] as number
      packets.push([
        time(atMs),
        this.#isOut[slot] === 1 ? 'out' : 'in',
        this.#ssrcs[slot] as number,
        type & 0x7f,
        type >> 7,
        this.#seqs[slot] as number,
        this.#timestamps[slot] as number,
        this.#sizes[slot] as number,
      ])
    }
    return {
      notes: this.#notes.map(({ atMs, kind, text }) => ({ time: time(atMs), kind, text })),
      rtcp: this.#rtcp
        .slice(-MAX_RTCP)
        .filter(({ atMs }) => atMs >= sinceMs)
        .map(({ atMs, direction, packet }) => ({ time: time(atMs), direction, messages: messagesOf(packet) })),
      rtp: { columns: ['time', 'direction', 'ssrc', 'payloadType', 'marker', 'seq', 'timestamp', 'size'], packets },
    }
  }
}

const read16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

const read32 = (bytes: Uint8Array, at: number): number => ((read16(bytes, at) << 16) | read16(bytes, at + 2)) >>> 0

/** Decoded where it can be; what cannot be is what somebody may be looking for, so it is shown in hexadecimal digits. */
const messagesOf = (packet: Uint8Array): unknown => {
  try {
    return decodeRtcp(packet).map((message) => (message.type === 'unknown' ? { ...message, body: hex(message.body) } : plain(message)))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return [{ type: 'broken', code: error.code, message: error.message, body: hex(packet) }]
  }
}

/** As JSON can say it: typed arrays are arrays of numbers. */
const plain = (message: object): object =>
  Object.fromEntries(
    Object.entries(message).map(([key, value]) => [key, ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value]),
  )

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
