import { BitReader } from '../../bytes/bit-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'

/** The header extension by which receivers and servers know what a frame needs and who needs it: AV1 RTP specification appendix A. */
export const DEPENDENCY_DESCRIPTOR_URI = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'

/** What a frame is to a decode target. */
export type DecodeTargetIndication = 'not-present' | 'discardable' | 'switch' | 'required'

export type FrameTemplate = {
  readonly spatialId: number
  readonly temporalId: number
  /** One for each decode target. */
  readonly indications: readonly DecodeTargetIndication[]
  /** By how much the numbers of the frames that it refers to are lower. */
  readonly frameDiffs: readonly number[]
  /** By how much the number of the frame before in each chain is lower; 0 for none. */
  readonly chainDiffs: readonly number[]
}

/** What the frames of a stream may be, sent with key frames. */
export type TemplateStructure = {
  /** Identifier of the first template, 6 bits. */
  readonly firstId: number
  readonly decodeTargets: number
  /** The chain that protects each decode target; empty without chains. */
  readonly protectedBy: readonly number[]
  readonly chains: number
  readonly templates: readonly FrameTemplate[]
  /** Of each spatial layer, in pixels; empty where they are not told. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[]
}

export type DependencyDescriptor = {
  /** First and last packet of a frame, which is of one spatial layer. */
  readonly startsFrame: boolean
  readonly endsFrame: boolean
  /** 16 bits. */
  readonly frameNumber: number
  /** New with this packet; the one that was given otherwise. */
  readonly structure: TemplateStructure
  readonly isStructureNew: boolean
  /** Decode targets that are sent, one bit for each, the first one lowest; undefined if this packet does not tell. */
  readonly activeTargets: number | undefined
  /** What this frame is: its template, with what is its own. */
  readonly frame: FrameTemplate
}

const FAULT = 'rtp/dependency-descriptor'
const INDICATIONS: readonly DecodeTargetIndication[] = ['not-present', 'discardable', 'switch', 'required']
const MANDATORY_BYTES = 3
const TEMPLATE_IDS = 64
/** AV1 section 6.4.1 has two bits for a spatial layer and three for a temporal one. */
const [MAX_SPATIAL_ID, MAX_TEMPORAL_ID] = [3, 7]

/**
 * ```
 * |S|E| template (6) | frame number (16) | structure? active? dtis? fdiffs? chains? | structure | active | own dtis, fdiffs, chains
 * ```
 * @param known the structure that an earlier packet brought
 * @throws ProtocolError `rtp/dependency-descriptor`: also for a template that is of no known structure
 */
export const decodeDependencyDescriptor = (data: Uint8Array, known: TemplateStructure | undefined): DependencyDescriptor => {
  const reader = new BitReader(data, FAULT)
  const startsFrame = reader.flag()
  const endsFrame = reader.flag()
  const templateId = reader.bits(6)
  const frameNumber = reader.bits(16)
  const isExtended = data.length > MANDATORY_BYTES
  const [hasStructure, hasActive, ownIndications, ownFrameDiffs, ownChains] = Array.from({ length: 5 }, () => isExtended && reader.flag())
  const structure = hasStructure ? readStructure(reader) : known
  if (!structure) throw new ProtocolError(FAULT, 'a frame before the first template structure, which key frames have')
  const activeTargets = hasActive ? reader.bits(structure.decodeTargets) : hasStructure ? 2 ** structure.decodeTargets - 1 : undefined
  const template = structure.templates[(templateId + TEMPLATE_IDS - structure.firstId) % TEMPLATE_IDS]
  if (!template) throw new ProtocolError(FAULT, `template ${templateId}, the structure has ${structure.templates.length} from ${structure.firstId} on`)
  const frame: FrameTemplate = {
    spatialId: template.spatialId,
    temporalId: template.temporalId,
    indications: ownIndications ? readIndications(reader, structure.decodeTargets) : template.indications,
    frameDiffs: ownFrameDiffs ? readOwnFrameDiffs(reader) : template.frameDiffs,
    chainDiffs: ownChains ? Array.from({ length: structure.chains }, () => reader.bits(8)) : template.chainDiffs,
  }
  return { startsFrame, endsFrame, frameNumber, structure, isStructureNew: hasStructure === true, activeTargets, frame }
}

/** Appendix A.8.2: `template_dependency_structure()`. */
const readStructure = (reader: BitReader): TemplateStructure => {
  const firstId = reader.bits(6)
  const decodeTargets = reader.bits(5) + 1
  const layers = readLayers(reader)
  const indications = layers.map(() => readIndications(reader, decodeTargets))
  const frameDiffs = layers.map(() => readFrameDiffs(reader))
  const chains = readNonSymmetric(reader, decodeTargets + 1)
  const protectedBy = chains === 0 ? [] : Array.from({ length: decodeTargets }, () => readNonSymmetric(reader, chains))
  const chainDiffs = layers.map(() => Array.from({ length: chains }, () => reader.bits(4)))
  const spatialLayers = (layers.at(-1)?.spatialId ?? 0) + 1
  const sizes = reader.flag() ? Array.from({ length: spatialLayers }, () => ({ width: reader.bits(16) + 1, height: reader.bits(16) + 1 })) : []
  const templates = layers.map((layer, i) => ({
    ...layer,
    indications: indications[i] ?? [],
    frameDiffs: frameDiffs[i] ?? [],
    chainDiffs: chainDiffs[i] ?? [],
  }))
  return { firstId, decodeTargets, protectedBy, chains, templates, sizes }
}

/** `template_layers()`: each template is of the layer of the one before, the next temporal layer, or the next spatial one. */
const readLayers = (reader: BitReader): { spatialId: number; temporalId: number }[] => {
  const layers = [{ spatialId: 0, temporalId: 0 }]
  for (let { spatialId, temporalId } = { spatialId: 0, temporalId: 0 }; ; ) {
    const next = reader.bits(2)
    if (next === 3) return layers
    if (next === 1) temporalId++
    else if (next === 2) [spatialId, temporalId] = [spatialId + 1, 0]
    if (layers.length === TEMPLATE_IDS || spatialId > MAX_SPATIAL_ID || temporalId > MAX_TEMPORAL_ID) {
      throw new ProtocolError(FAULT, `template ${layers.length} is of spatial layer ${spatialId}, temporal layer ${temporalId}: there are 64, 4 and 8 at most`)
    }
    layers.push({ spatialId, temporalId })
  }
}

const readIndications = (reader: BitReader, count: number): DecodeTargetIndication[] =>
  Array.from({ length: count }, () => INDICATIONS[reader.bits(2)] as DecodeTargetIndication)

const readFrameDiffs = (reader: BitReader): number[] => {
  const diffs: number[] = []
  while (reader.flag()) diffs.push(reader.bits(4) + 1)
  return diffs
}

/** `frame_fdiffs()`: each with its own length. */
const readOwnFrameDiffs = (reader: BitReader): number[] => {
  const diffs: number[] = []
  for (let size = reader.bits(2); size > 0; size = reader.bits(2)) diffs.push(reader.bits(4 * size) + 1)
  return diffs
}

/** `ns(n)`: a value below n in as few bits as it takes. */
const readNonSymmetric = (reader: BitReader, n: number): number => {
  const width = 32 - Math.clz32(n)
  const short = 2 ** width - n
  const value = reader.bits(width - 1)
  return value < short ? value : value * 2 - short + reader.bits(1)
}
