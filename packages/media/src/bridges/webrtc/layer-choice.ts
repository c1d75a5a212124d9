import type { Layer } from '../../hub/layer.ts'

/** Of what a layer's payloads take, with headers and the unevenness of pictures. */
const NEED = 1.08
/** The cached pictures of the layer that a viewer begins with, in bytes: they should be there soon, whatever the path. */
const START_BYTES = 150_000

/** What is known of the path to the viewer. */
export type LayerPath = {
  /** Bits per second that pictures may take; infinite while the path has shown no bound. */
  readonly targetBps: number
}

/** Bits per second that a path has to carry for a layer. */
export const layerNeedBps = (layer: Layer): number => layer.bitrateBps * NEED

/**
 * The layers, the smallest first, that can be decoded without AV1's dependency descriptor: receivers then take each spatial layer for a picture of its
 * own, so it is the smallest alone. Those of other codecs all can.
 */
export const decodableAlone = (layers: readonly Layer[]): readonly Layer[] => {
  const isDescribed = ({ track: { ring } }: Layer): boolean => ring.get(ring.newestSeq)?.dependencyDescriptor !== undefined
  return layers.some(isDescribed) ? layers.slice(0, 1) : layers
}

/** Layers that come, from the smallest bit rate to the largest. */
export const comingLayers = (layers: readonly Layer[]): Layer[] => layers.filter(({ bitrateBps }) => bitrateBps > 0).sort((a, b) => a.bitrateBps - b.bitrateBps)

/** The largest of those that come, lowest first, that a path carries; the lowest if it carries none. */
export const fittingLayer = (coming: readonly Layer[], { targetBps }: LayerPath): Layer | undefined =>
  coming.findLast((layer) => layerNeedBps(layer) <= targetBps) ?? coming[0]

/**
 * Which layer a viewer begins with: the largest whose pictures since the last key frame are few. The layer that the path carries follows with a key
 * frame, which is asked for.
 */
export const startLayer = (layers: readonly Layer[]): Layer | undefined => {
  const sized = layers.flatMap((layer) => {
    const bytes = groupBytes(layer)
    return bytes === undefined ? [] : [{ layer, bytes }]
  })
  sized.sort((a, b) => a.layer.bitrateBps - b.layer.bitrateBps || a.bytes - b.bytes)
  return (sized.findLast(({ bytes }) => bytes <= START_BYTES) ?? sized[0])?.layer ?? layers[0]
}

/** Of the pictures since the newest key frame; undefined without one. */
const groupBytes = ({ track: { ring } }: Layer): number | undefined => {
  const first = ring.randomAccessSeq
  if (first === undefined) return undefined
  let bytes = 0
  for (let seq = first; seq <= ring.newestSeq; seq++) bytes += ring.get(seq)?.payload.length ?? 0
  return bytes
}
