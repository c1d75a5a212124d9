import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Codec } from '../../codecs/codec.ts'
import type { Packet } from '../../hub/packet.ts'
import { decodeDependencyDescriptor, type TemplateStructure } from '../../protocols/rtp/dependency-descriptor.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { decodeVp9Descriptor } from '../../protocols/rtp/vp9-payload.ts'
import type { PictureSize } from './picture-size.ts'

/** Which part of a picture with spatial layers a packet has. */
export type SpatialPart = {
  readonly spatialId: number
  /** The packet is the last one of its layer's frame. */
  readonly endsFrame: boolean
  /** Of all layers, where the packet tells them. */
  readonly sizes: readonly PictureSize[]
}

/** Tells of packets in order which part of a picture each has. */
export type SpatialParts = {
  /** Of the packet that came last, for receivers of several spatial layers; undefined where they do not need it. */
  readonly descriptor?: Uint8Array | undefined
  /** An RTP packet comes that is about to be written. */
  next(packet: RtpPacket): void
  /** @returns undefined where the packet does not tell */
  of(packet: Packet): SpatialPart | undefined
}

/** Undefined for codecs without spatial layers. */
export const makeSpatialParts = ({ name }: Codec): SpatialParts | undefined =>
  name === 'vp9' ? { next: () => undefined, of: vp9Part } : name === 'av1' ? new Av1Parts() : undefined

const vp9Part = ({ payload }: Packet): SpatialPart | undefined =>
  unlessBroken(() => {
    const { layer, endsFrame, sizes } = decodeVp9Descriptor(payload)
    return layer && { spatialId: layer.spatialId, endsFrame, sizes }
  })

/** By the dependency descriptor: most packets of AV1 do not begin with an OBU, and none says that it is the last one of its layer. */
class Av1Parts implements SpatialParts {
  #structure: TemplateStructure | undefined
  #part: SpatialPart | undefined
  descriptor: Uint8Array | undefined

  next({ dependencyDescriptor }: RtpPacket): void {
    this.#part = dependencyDescriptor && unlessBroken(() => this.#decode(dependencyDescriptor))
    const isLayered = this.#structure?.templates.some(({ spatialId }) => spatialId > 0)
    this.descriptor = this.#part && isLayered ? dependencyDescriptor : undefined
  }

  of({ payload }: Packet): SpatialPart | undefined {
    // A packet that was too long is written in several.
    return this.#part && { ...this.#part, endsFrame: this.#part.endsFrame && ((payload[0] ?? 0) & OBU_CONTINUES) === 0 }
  }

  #decode(data: Uint8Array): SpatialPart {
    const { structure, isStructureNew, frame, endsFrame } = decodeDependencyDescriptor(data, this.#structure)
    this.#structure = structure
    return { spatialId: frame.spatialId, endsFrame, sizes: isStructureNew ? structure.sizes : [] }
  }
}

/** Y of the aggregation header: AV1 RTP specification section 4.4. */
const OBU_CONTINUES = 0x40

/** What is broken is left out by the depacketizer. */
const unlessBroken = <Value>(decode: () => Value): Value | undefined => {
  try {
    return decode()
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
