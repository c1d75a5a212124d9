import { ProtocolError } from '../../bytes/protocol-error.ts'
import { firstOfAggregate, fuType, isAggregated, isFuEnd, isFuStart, isLeftOut, type NalFormat, splitAggregate } from './nal-payload.ts'

/** The NAL units of one picture. */
export type AccessUnit = {
  /** As it was given with the packets of its slices. */
  readonly timestamp: number
  readonly nals: Uint8Array[]
}

/** Bytes of one access unit; a 4K picture of 100 Mbit/s has a tenth of it. */
const MAX_UNIT_BYTES = 16 * 1024 * 1024
const MAX_UNIT_NALS = 2048
/** NAL units without a picture that wait for one. */
const MAX_WAITING_NALS = 32

const NONE: AccessUnit[] = []

/**
 * Puts access units together from RTP payloads in order: single NAL units, aggregation packets and fragmentation units.
 * A unit with a part missing is dropped and counted. Never throws: a broken payload counts as a missing one.
 */
export class NalDepacketizer {
  /** Units that were not complete. */
  dropped = 0
  readonly #format: NalFormat
  #nals: Uint8Array[] = []
  #bytes = 0
  #fragments: Uint8Array[] = []
  #timestamp = 0
  /** A unit has begun and has not ended yet. */
  #open = false
  #damaged = false
  #hasPicture = false

  constructor(format: NalFormat) {
    this.#format = format
  }

  /**
   * @param timestamp the same for all packets of a unit
   * @param afterGap the packet before this one is missing, or this is the first
   * @returns the units that are complete with this packet: usually none or one, two where markers are missing
   */
  push(payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean): AccessUnit[] {
    let done = NONE
    if (this.#open && afterGap) this.#damaged = true
    if (this.#open && timestamp !== this.#timestamp) done = this.#close(done)
    if (!this.#open) {
      this.#open = true
      this.#timestamp = timestamp
      this.#damaged = afterGap && !beginsUnit(this.#format, payload)
    }
    this.#take(payload)
    return marker ? this.#close(done) : done
  }

  #take(payload: Uint8Array): void {
    const { typeOf, headerBytes, lowestType, aggregateType, fragmentType } = this.#format
    const type = typeOf(payload)
    if (type === fragmentType) {
      this.#takeFragment(payload)
      return
    }
    if (this.#fragments.length > 0) this.#damaged = true
    if (type === aggregateType) {
      try {
        for (const nal of splitAggregate(this.#format, payload)) this.#add(nal)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#damaged = true
      }
    } else if (type >= lowestType && type < aggregateType && payload.length >= headerBytes) this.#add(payload)
    // An empty payload is a probe or keep-alive; other types are of modes that were not agreed on.
    else if (payload.length > 0) this.#damaged = true
  }

  #takeFragment(payload: Uint8Array): void {
    const format = this.#format
    const { headerBytes } = format
    if (isFuStart(format, payload) !== (this.#fragments.length === 0) || payload.length <= headerBytes + 1) {
      this.#damaged = true
      return
    }
    if (this.#fragments.length === 0) {
      const header = new Uint8Array(headerBytes)
      format.writeHeader(header, payload, fuType(format, payload))
      this.#fragments.push(header)
    }
    const piece = payload.subarray(headerBytes + 1)
    this.#fragments.push(piece)
    this.#bytes += piece.length
    if (this.#bytes > MAX_UNIT_BYTES) this.#discard()
    else if (isFuEnd(format, payload)) this.#finishFragments()
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
    this.#bytes -= length - this.#format.headerBytes // #add counts them
    this.#add(nal)
  }

  #add(nal: Uint8Array): void {
    const type = this.#format.typeOf(nal)
    if (isLeftOut(this.#format, type)) return
    // GStreamer may repeat them in front of every slice; within a picture the standards do not allow them (H.264 section 7.4.1.2.3).
    if (this.#hasPicture && this.#format.isParameterSet(type)) return
    this.#nals.push(nal)
    this.#bytes += nal.length
    if (this.#format.isVcl(type)) this.#hasPicture = true
    if (this.#bytes > MAX_UNIT_BYTES || this.#nals.length > MAX_UNIT_NALS) this.#discard()
  }

  /** Forgets what was gathered, but not that the unit is open: its rest is dropped with it. */
  #discard(): void {
    this.#nals = []
    this.#fragments = []
    this.#bytes = 0
    this.#damaged = true
  }

  #close(done: AccessUnit[]): AccessUnit[] {
    this.#open = false
    // Some cameras never set the end bit: the end of the unit ends the NAL unit as well.
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
const beginsUnit = (format: NalFormat, payload: Uint8Array): boolean => {
  const { typeOf, headerBytes, aggregateType, fragmentType } = format
  const type = typeOf(payload)
  if (type === fragmentType) return isFuStart(format, payload) && nalBegins(format, fuType(format, payload), payload[headerBytes + 1])
  const nal = type === aggregateType ? firstOfAggregate(format, payload) : payload
  return nalBegins(format, typeOf(nal), nal[headerBytes])
}

/** The first slice's header starts with a set bit: first_mb_in_slice 0 as ue(v) in H.264, first_slice_segment_in_pic_flag in H.265. */
const nalBegins = (format: NalFormat, type: number, firstByte = 0): boolean =>
  format.isVcl(type) ? (firstByte & 0x80) !== 0 : isAggregated(format, type) || type === format.delimiterType
