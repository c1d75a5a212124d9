import { ProtocolError } from '../../bytes/protocol-error.ts'
import { isAv1RandomAccess } from '../../codecs/av1-obu.ts'
import { isVp8KeyFrame } from '../../codecs/vp8.ts'
import { isVp9KeyFrame } from '../../codecs/vp9.ts'
import type { Depacketizer } from '../../hub/converters.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Unit } from '../../hub/unit.ts'
import { Av1Depacketizer } from '../../protocols/rtp/av1-depacketizer.ts'
import { FrameAssembler } from '../../protocols/rtp/frame-assembler.ts'
import { decodeVp8Descriptor } from '../../protocols/rtp/vp8-payload.ts'
import { decodeVp9Descriptor } from '../../protocols/rtp/vp9-payload.ts'

const NONE: Unit[] = []

/** Frames are shown in the order in which they are decoded; where a sender's times go back, they stay in order. */
class InOrder {
  #last = 0

  unit(timestamp: number, randomAccess: boolean, data: readonly Uint8Array[], arrivalMs: number): Unit[] {
    const pts = Math.max(this.#last, timestamp)
    this.#last = pts
    return [{ pts, dts: pts, randomAccess, data, arrivalMs }]
  }
}

/** Where each payload is a descriptor and a piece of a frame. */
class FrameUnits implements Depacketizer {
  readonly #assembler = new FrameAssembler()
  readonly #inOrder = new InOrder()
  readonly #decode: (payload: Uint8Array) => { readonly startsFrame: boolean; readonly bytes: number }
  readonly #isKeyFrame: (frame: Uint8Array) => boolean
  #nextSeq = -1

  constructor(decode: (payload: Uint8Array) => { readonly startsFrame: boolean; readonly bytes: number }, isKeyFrame: (frame: Uint8Array) => boolean) {
    this.#decode = decode
    this.#isKeyFrame = isKeyFrame
  }

  push({ seq, timestamp, marker, payload, arrivalMs }: Packet): Unit[] {
    const afterGap = seq !== this.#nextSeq
    try {
      const { startsFrame, bytes } = this.#decode(payload)
      this.#nextSeq = seq + 1
      const frame = this.#assembler.push(payload.subarray(bytes), timestamp, marker, startsFrame, afterGap)
      return frame ? this.#inOrder.unit(frame.timestamp, this.#isKeyFrame(frame.data), [frame.data], arrivalMs) : NONE
    } catch (error) {
      // What is broken counts as missing.
      if (error instanceof ProtocolError) return NONE
      throw error
    }
  }
}

export class Vp8Units extends FrameUnits {
  constructor() {
    super(decodeVp8Descriptor, isVp8KeyFrame)
  }
}

export class Vp9Units extends FrameUnits {
  constructor() {
    super(decodeVp9Descriptor, isVp9KeyFrame)
  }
}

export class Av1Units implements Depacketizer {
  readonly #depacketizer = new Av1Depacketizer()
  readonly #inOrder = new InOrder()
  #nextSeq = -1

  push({ seq, timestamp, marker, payload, arrivalMs }: Packet): Unit[] {
    const afterGap = seq !== this.#nextSeq
    this.#nextSeq = seq + 1
    const unit = this.#depacketizer.push(payload, timestamp, marker, afterGap)
    return unit ? this.#inOrder.unit(unit.timestamp, isAv1RandomAccess(unit.obus), unit.obus, arrivalMs) : NONE
  }
}
