import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'

/** A box without its header; `body` is a view. */
export type Box = { readonly type: string; readonly body: Uint8Array }

/** Boxes on one level. An init segment has two, a part two, a segment a few hundred at most. */
const MAX_BOXES = 4096

/**
 * The boxes of one level, ISO/IEC 14496-12 section 4.2.
 * @param bytes a whole file or segment, or the body of a box that holds boxes
 * @throws ProtocolError `mp4/truncated`, `mp4/box-size`, `mp4/too-many-boxes`
 */
export const decodeBoxes = (bytes: Uint8Array): Box[] => {
  const reader = new ByteReader(bytes, 'mp4/truncated')
  const boxes: Box[] = []
  while (reader.remaining > 0) {
    if (boxes.length === MAX_BOXES) throw new ProtocolError('mp4/too-many-boxes', `more than ${MAX_BOXES} boxes on one level`)
    const start = reader.position
    let size = reader.u32()
    const type = String.fromCharCode(...reader.take(4))
    if (size === 1) size = Number(reader.u64())
    else if (size === 0) size = bytes.length - start
    const header = reader.position - start
    if (size < header)
      throw new ProtocolError('mp4/box-size', `box ${JSON.stringify(type)} at offset ${start} has size ${size}, less than its header of ${header} bytes`)
    boxes.push({ type, body: reader.take(size - header) })
  }
  return boxes
}

/**
 * All boxes at a path such as `moov/trak/mdia`, in order.
 * @throws ProtocolError as `decodeBoxes`
 */
export const findBoxes = (bytes: Uint8Array, path: string): Uint8Array[] => {
  let found = [bytes]
  for (const type of path.split('/')) {
    found = found.flatMap((level) => decodeBoxes(level).flatMap((box) => (box.type === type ? [box.body] : [])))
  }
  return found
}
