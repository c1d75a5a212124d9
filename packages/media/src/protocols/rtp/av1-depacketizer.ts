import { ProtocolError } from '../../bytes/protocol-error.ts'
import { isTransmitted, obuType, withoutSizeField } from '../../codecs/av1-obu.ts'
import { type Av1Payload, decodeAv1Payload } from './av1-payload.ts'

/** The OBUs of one temporal unit, without size fields. */
export type Av1TemporalUnit = { readonly timestamp: number; readonly obus: readonly Uint8Array[] }

const MAX_UNIT_BYTES = 16 * 1024 * 1024
const MAX_UNIT_OBUS = 1024

/** Puts temporal units together from RTP payloads in order. One with a part missing is dropped and counted. Never throws. */
export class Av1Depacketizer {
  /** Units that were not complete. */
  dropped = 0
  #obus: Uint8Array[] = []
  #fragments: Uint8Array[] = []
  #bytes = 0
  #timestamp = Number.NaN
  #open = false
  #damaged = false

  /**
   * @param timestamp the same for all packets of a unit
   * @param afterGap the packet before this one is missing, or this is the first
   * @returns the unit, if this is its last packet
   */
  push(payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean): Av1TemporalUnit | undefined {
    if (this.#open && timestamp !== this.#timestamp) {
      this.dropped++
      this.#reset()
    }
    if (!this.#open) {
      this.#open = true
      this.#timestamp = timestamp
    } else if (afterGap) this.#damaged = true
    this.#take(payload, afterGap)
    if (!marker) return undefined
    const unit = this.#damaged || this.#fragments.length > 0 || this.#obus.length === 0 ? undefined : { timestamp, obus: this.#obus }
    if (!unit) this.dropped++
    this.#reset()
    return unit
  }

  #take(payload: Uint8Array, afterGap: boolean): void {
    this.#bytes += payload.length
    if (this.#damaged || this.#bytes > MAX_UNIT_BYTES || this.#obus.length > MAX_UNIT_OBUS) {
      this.#damage()
      return
    }
    try {
      this.#takeElements(decodeAv1Payload(payload), afterGap)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#damage()
    }
  }

  #takeElements({ continues, continued, startsSequence, elements }: Av1Payload, afterGap: boolean): void {
    // What is missing in front of a unit's first packet cannot be told but at a key frame; the decoder notices a missing reference itself.
    if (continues !== this.#fragments.length > 0 || (startsSequence && continues) || (continues && afterGap)) {
      this.#damage()
      return
    }
    elements.forEach((element, i) => {
      this.#fragments.push(element)
      if (i === elements.length - 1 && continued) return
      const obu = withoutSizeField(join(this.#fragments))
      this.#fragments = []
      if (isTransmitted(obuType(obu))) this.#obus.push(obu)
    })
  }

  #damage(): void {
    this.#damaged = true
    this.#obus = []
    this.#fragments = []
  }

  #reset(): void {
    this.#obus = []
    this.#fragments = []
    this.#bytes = 0
    this.#open = false
    this.#damaged = false
  }
}

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const [only] = parts
  if (only && parts.length === 1) return only
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
