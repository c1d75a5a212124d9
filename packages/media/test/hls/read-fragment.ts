import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { decodeBoxes, findBoxes } from '../../src/containers/mp4/box-reader.ts'

export type ReadSample = { readonly dts: number; readonly duration: number; readonly offset: number; readonly sync: boolean; readonly bytes: Uint8Array }

/** The samples of a fragment as our writer lays them out, by track. */
export const readFragment = (fragment: Uint8Array): Map<number, ReadSample[]> => {
  const tracks = new Map<number, ReadSample[]>()
  for (const traf of findBoxes(fragment, 'moof/traf')) {
    const boxes = new Map(decodeBoxes(traf).map((box) => [box.type, new ByteReader(box.body)]))
    const [tfhd, tfdt, trun] = ['tfhd', 'tfdt', 'trun'].map((type) => boxes.get(type))
    if (!tfhd || !tfdt || !trun) throw new Error('a traf lacks tfhd, tfdt or trun')
    tfhd.skip(4)
    tfdt.skip(4)
    const trackId = tfhd.u32()
    let dts = Number(tfdt.u64())
    const flags = trun.u32() & 0xff_ffff
    const count = trun.u32()
    let at = trun.i32()
    const samples: ReadSample[] = []
    for (let i = 0; i < count; i++) {
      const duration = trun.u32()
      const size = trun.u32()
      const sync = flags & 0x400 ? (trun.u32() & 0x1_0000) === 0 : true
      const offset = flags & 0x800 ? trun.i32() : 0
      samples.push({ dts, duration, offset, sync, bytes: fragment.subarray(at, at + size) })
      dts += duration
      at += size
    }
    tracks.set(trackId, samples)
  }
  return tracks
}
