import { ProtocolError } from '../../bytes/protocol-error.ts'
import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE, h265NalType, isH265ParameterSet, isH265Vcl } from '../../codecs/h265-nal.ts'
import { H265_FU_HEADER_BYTES, H265_PAYLOAD, h265FuNalHeader, h265FuType, isH265FuEnd, isH265FuStart, splitAggregate } from './h265-payload.ts'

/** The NAL units of one picture. */
export type H265AccessUnit = { readonly timestamp: number; readonly nals: Uint8Array[] }

const MAX_UNIT_BYTES = 16 * 1024 * 1024
const MAX_UNIT_NALS = 2048
/** NAL units without a picture that wait for one. */
const MAX_WAITING_NALS = 32

const NONE: H265AccessUnit[] = []

/**
 * Puts access units together from RTP payloads in order: single NAL units, aggregation packets and fragmentation units (RFC 7798, without DONL).
 * A unit with a part missing is dropped and counted. Never throws: a broken payload counts as a missing one.
 */
export class H265Depacketizer {
  /** Units that were not complete. */
  dropped = 0
  #nals: Uint8Array[] = []
  #fragments: Uint8Array[] = []
  #bytes = 0
  #timestamp = 0
  #open = false
  #damaged = false
  #hasPicture = false

  /**
   * @param timestamp the same for all packets of a unit
   * @param afterGap the packet before this one is missing, or this is the first
   * @returns the units that are complete with this packet: usually none or one, two where markers are missing
   */
  push(payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean): H265AccessUnit[] {
    let done = NONE
    if (this.#open && afterGap) this.#damaged = true
    if (this.#open && timestamp !== this.#timestamp) done = this.#close(done)
    if (!this.#open) {
      this.#open = true
      this.#timestamp = timestamp
      this.#damaged = afterGap && !beginsUnit(payload)
    }
    this.#take(payload)
    return marker ? this.#close(done) : done
  }

  #take(payload: Uint8Array): void {
    const type = h265NalType(payload)
    if (type === H265_PAYLOAD.FU) {
      this.#takeFragment(payload)
      return
    }
    if (this.#fragments.length > 0) this.#damaged = true
    if (type === H265_PAYLOAD.AP) {
      try {
        for (const nal of splitAggregate(payload)) this.#add(nal)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#damaged = true
      }
    } else if (type < H265_PAYLOAD.AP && payload.length >= H265_NAL_HEADER_BYTES) this.#add(payload)
    else if (payload.length > 0) this.#damaged = true
  }

  #takeFragment(payload: Uint8Array): void {
    if (isH265FuStart(payload) !== (this.#fragments.length === 0) || payload.length <= H265_FU_HEADER_BYTES) {
      this.#damaged = true
      return
    }
    if (this.#fragments.length === 0) this.#fragments.push(h265FuNalHeader(payload))
    const piece = payload.subarray(H265_FU_HEADER_BYTES)
    this.#fragments.push(piece)
    this.#bytes += piece.length
    if (this.#bytes > MAX_UNIT_BYTES) this.#discard()
    else if (isH265FuEnd(payload)) this.#finishFragments()
  }

  #finishFragments(): void {
    const nal = new Uint8Array(this.#fragments.reduce((length, piece) => length + piece.length, 0))
    let at = 0
    for (const piece of this.#fragments) {
      nal.set(piece, at)
      at += piece.length
    }
    this.#fragments = []
    this.#bytes -= nal.length - H265_NAL_HEADER_BYTES // #add counts them
    this.#add(nal)
  }

  #add(nal: Uint8Array): void {
    const type = h265NalType(nal)
    if (type === H265_NAL_TYPE.AUD || type === H265_NAL_TYPE.FILLER) return
    if (this.#hasPicture && isH265ParameterSet(type)) return
    this.#nals.push(nal)
    this.#bytes += nal.length
    if (isH265Vcl(type)) this.#hasPicture = true
    if (this.#bytes > MAX_UNIT_BYTES || this.#nals.length > MAX_UNIT_NALS) this.#discard()
  }

  /** Forgets what was gathered, but not that the unit is open: its rest is dropped with it. */
  #discard(): void {
    this.#nals = []
    this.#fragments = []
    this.#bytes = 0
    this.#damaged = true
  }

  #close(done: H265AccessUnit[]): H265AccessUnit[] {
    this.#open = false
    // The marker ends the NAL unit as well, for senders that forget the end bit.
    if (this.#fragments.length > 0 && !this.#damaged) this.#finishFragments()
    if (this.#damaged || (!this.#hasPicture && this.#nals.length > MAX_WAITING_NALS)) {
      this.dropped++
      this.#reset()
      return done
    }
    // Parameter sets and SEI that came with a time or marker of their own belong to the picture that follows.
    if (!this.#hasPicture) return done
    const unit = { timestamp: this.#timestamp, nals: this.#nals }
    this.#reset()
    return done === NONE ? [unit] : [...done, unit]
  }

  #reset(): void {
    this.#nals = []
    this.#fragments = []
    this.#bytes = 0
    this.#hasPicture = false
  }
}

/** Whether nothing of the unit can be missing in front of this payload: it starts with what comes before slices, or with the first slice. */
const beginsUnit = (payload: Uint8Array): boolean => {
  switch (h265NalType(payload)) {
    case H265_PAYLOAD.AP:
      return nalBegins(h265NalType(payload.subarray(4)), payload[6] ?? 0)
    case H265_PAYLOAD.FU:
      return isH265FuStart(payload) && nalBegins(h265FuType(payload), payload[3] ?? 0)
    default:
      return nalBegins(h265NalType(payload), payload[2] ?? 0)
  }
}

/** A slice begins with first_slice_segment_in_pic_flag. */
const nalBegins = (type: number, firstByte: number): boolean =>
  isH265Vcl(type) ? (firstByte & 0x80) !== 0 : isH265ParameterSet(type) || type === H265_NAL_TYPE.AUD || type === H265_NAL_TYPE.PREFIX_SEI
