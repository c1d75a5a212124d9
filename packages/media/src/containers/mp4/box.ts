import type { ByteWriter } from '../../bytes/byte-writer.ts'

/** Box of ISO/IEC 14496-12 section 4.2: 32-bit size, four-character type, body. */
export const writeBox = (out: ByteWriter, type: string, body: () => void): void => {
  const at = out.length
  out.u32(0).ascii(type)
  body()
  out.patchU32(at, out.length - at)
}

/** FullBox of ISO/IEC 14496-12 section 4.2: a box whose body begins with a version and 24 flags. */
export const writeFullBox = (out: ByteWriter, type: string, version: number, flags: number, body: () => void): void =>
  writeBox(out, type, () => {
    out.u8(version).u24(flags)
    body()
  })
