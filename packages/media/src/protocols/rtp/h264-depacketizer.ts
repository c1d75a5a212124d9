import { ProtocolError } from '../../bytes/protocol-error.ts'
import { isVcl, NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { H264_PAYLOAD, isFuEnd, isFuStart, splitStapA } from './h264-payload.ts'

/** The NAL units of one picture. */
export type H264AccessUnit = {
  /** As it was given with the packets of its slices. */
  readonly timestamp: number
  readonly nals: Uint8Array[]
}

/** Bytes of one access unit; a 4K picture of 100 Mbit/s has a tenth of it. */
const MAX_UNIT_BYTES = 16 * 1024 * 1024
const MAX_UNIT_NALS = 2048
/** NAL units without a picture that wait for one. */
const MAX_WAITING_NALS = 32

const NONE: H264AccessUnit[] = []

/**
 * Puts access units together from RTP payloads in order: single NAL units, STAP-A and FU-A (RFC 6184, non-interleaved).
 * A unit with a part missing is dropped and counted. Never throws: a broken payload counts as a missing one.
 */
export class H264Depacketizer {
  /** Units that were not complete. */
  dropped = 0
  #nals: Uint8Array[] = []
  #bytes = 0
  #fragments: Uint8Array[] = []
  #timestamp = 0
  /** A unit has begun and has not ended yet. */
  #open = false
  #damaged = false
  #hasPicture = false

  /**
   * @param timestamp the same for all packets of a unit
   * @param afterGap the packet before this one is missing, or this is the first
   * @returns the units that are complete with this packet: usually none or one, two where markers are missing
   */
  push(payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean): H264AccessUnit[] {
    let done = NONE
    if (this.#open && afterGap) this.#damaged = true
    if (this.#open && timestamp !== this.#timestamp) done = this.#close(done)
    if (!this.#open) {
      this.#open = true
      this.#timestamp = timestamp
      this.#damaged = afterGap && !beginsUnit(payload)
    }
    this.#take(payload)
    if (marker) {
      // Some cameras never set the end bit: the marker ends the NAL unit as well.
      if (this.#fragments.length > 0) this.#finishFragments()
      done = this.#close(done)
    }
    return done
  }

  #take(payload: Uint8Array): void {
    const type = nalType(payload)
    if (type === H264_PAYLOAD.FU_A) {
      this.#takeFragment(payload)
      return
    }
    if (this.#fragments.length > 0) this.#damaged = true
    if (type === H264_PAYLOAD.STAP_A) {
      try {
        for (const nal of splitStapA(payload)) this.#add(nal)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#damaged = true
      }
    } else if (type > 0 && type < H264_PAYLOAD.STAP_A) this.#add(payload)
    // An empty payload is a probe or keep-alive; other types are of modes that were not agreed on.
    else if (payload.length > 0) this.#damaged = true
  }

  #takeFragment(payload: Uint8Array): void {
    if (isFuStart(payload) !== (this.#fragments.length === 0) || payload.length < 3) {
      this.#damaged = true
      return
    }
    if (isFuStart(payload)) this.#fragments.push(Uint8Array.of(((payload[0] as number) & 0xe0) | ((payload[1] as number) & 0x1f)))
    const piece = payload.subarray(2)
    this.#fragments.push(piece)
    this.#bytes += piece.length
    if (this.#bytes > MAX_UNIT_BYTES) this.#discard()
    else if (isFuEnd(payload)) this.#finishFragments()
  }

  #finishFragments(): void {
    let length = 0
    for (const piece of this.#fragments) length += piece.length
    const nal = new Uint8Array(length)
    let at = 0
    for (const piece of this.#fragments) {
      nal.set(piece, at)
      at += piece.length
    }
    this.#fragments = []
    this.#bytes -= length - 1 // #add counts them
    this.#add(nal)
  }

  #add(nal: Uint8Array): void {
    const type = nalType(nal)
    if (type === NAL_TYPE.AUD || type === NAL_TYPE.FILLER) return
    // GStreamer may repeat them in front of every slice; within a picture the standard does not allow them (section 7.4.1.2.3).
    if (this.#hasPicture && (type === NAL_TYPE.SPS || type === NAL_TYPE.PPS)) return
    this.#nals.push(nal)
    this.#bytes += nal.length
    if (isVcl(type)) this.#hasPicture = true
    if (this.#bytes > MAX_UNIT_BYTES || this.#nals.length > MAX_UNIT_NALS) this.#discard()
  }

  /** Forgets what was gathered, but not that the unit is open: its rest is dropped with it. */
  #discard(): void {
    this.#nals = []
    this.#fragments = []
    this.#bytes = 0
    this.#damaged = true
  }

  #close(done: H264AccessUnit[]): H264AccessUnit[] {
    this.#open = false
    if (this.#fragments.length > 0) this.#damaged = true
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

/** Whether nothing of the unit can be missing in front of this payload: it starts with a delimiter, a parameter set, SEI, or the first macroblock. */
const beginsUnit = (payload: Uint8Array): boolean => {
  switch (nalType(payload)) {
    case H264_PAYLOAD.STAP_A:
      return nalBegins((payload[3] ?? 0) & 0x1f, payload[4] ?? 0)
    case H264_PAYLOAD.FU_A:
      return isFuStart(payload) && nalBegins((payload[1] ?? 0) & 0x1f, payload[2] ?? 0)
    default:
      return nalBegins(nalType(payload), payload[1] ?? 0)
  }
}

/** A slice header starts with first_mb_in_slice as ue(v): 0 is the single bit 1. */
const nalBegins = (type: number, firstByte: number): boolean => (isVcl(type) ? (firstByte & 0x80) !== 0 : type >= NAL_TYPE.SEI && type <= NAL_TYPE.AUD)
