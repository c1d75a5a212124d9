import { H264_FORMAT } from './h264-payload.ts'
import { FU_END, FU_START, fuType, isFuEnd, isFuStart } from './nal-payload.ts'

const FU_HEADER_BYTES = H264_FORMAT.headerBytes + 1

const NONE: Uint8Array[] = []

/**
 * Makes shorter FU-As of those that are too long, across the borders of the packets they came in: splitting each for itself would
 * double the number of packets where a publisher's are just a little too long. Holds back less than one payload until the next packet.
 */
export class FuResizer {
  readonly #room: number
  /** Of the NAL unit that is being resized: its payloads' first byte and FU header without S and E; -1 if there is none. */
  #indicator = -1
  #type = 0
  #rest: Uint8Array = new Uint8Array(0)
  #startBit = 0

  /** @param maxPayload bytes of a payload */
  constructor(maxPayload: number) {
    this.#room = maxPayload - FU_HEADER_BYTES
  }

  /** Within a NAL unit whose fragments all have to come this way. */
  get active(): boolean {
    return this.#indicator >= 0
  }

  /** The rest of the NAL unit is lost. */
  reset(): void {
    this.#indicator = -1
    this.#rest = this.#rest.subarray(0, 0)
  }

  /**
   * @param payload a FU-A in order; the first one may lack its NAL unit's start
   * @param last nothing follows in this access unit, whatever the end bit says
   * @returns what can be sent now
   */
  push(payload: Uint8Array, last: boolean): Uint8Array[] {
    if (isFuStart(H264_FORMAT, payload) || !this.active) {
      this.reset()
      this.#indicator = payload[0] as number
      this.#type = fuType(H264_FORMAT, payload)
      this.#startBit = (payload[1] as number) & FU_START
    }
    const body = payload.subarray(FU_HEADER_BYTES)
    const end = last || isFuEnd(H264_FORMAT, payload)
    const total = this.#rest.length + body.length
    // Without the end in sight the last piece stays here, even a full one: it may have to carry the end bit.
    const pieces = end ? Math.ceil(total / this.#room) : Math.max(0, Math.ceil(total / this.#room) - 1)
    const out = pieces > 0 ? new Array<Uint8Array>(pieces) : NONE
    let taken = 0
    for (let i = 0; i < pieces; i++) {
      const size = Math.min(this.#room, total - taken)
      out[i] = this.#piece(body, taken, size, end && i === pieces - 1)
      taken += size
    }
    if (end) this.reset()
    else this.#rest = this.#cut(body, taken, new Uint8Array(total - taken), 0)
    return out
  }

  #piece(body: Uint8Array, from: number, size: number, last: boolean): Uint8Array {
    const payload = new Uint8Array(FU_HEADER_BYTES + size)
    payload[0] = this.#indicator
    payload[1] = this.#startBit | (last ? FU_END : 0) | this.#type
    this.#startBit = 0
    return this.#cut(body, from, payload, FU_HEADER_BYTES)
  }

  /** Fills `out` from `at` on with the bytes from `from` on of what is left from before followed by `body`. */
  #cut(body: Uint8Array, from: number, out: Uint8Array, at: number): Uint8Array {
    const rest = this.#rest.subarray(from, from + out.length - at)
    out.set(rest, at)
    const start = Math.max(0, from - this.#rest.length)
    out.set(body.subarray(start, start + out.length - at - rest.length), at + rest.length)
    return out
  }
}
