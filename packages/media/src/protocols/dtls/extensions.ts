import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { malformed, noCommon } from './dtls-error.ts'
import { readU16s, readWhole } from './handshake-message.ts'

/** More than browsers send, ours among them: Chromium has some 15. */
const MAX_EXTENSIONS = 64

/** By their types. */
export type Extensions = ReadonlyMap<number, Uint8Array>

/** What is behind the rest of a hello; nothing is an empty list, RFC 5246 section 7.4.1.4. */
export const readExtensions = (reader: ByteReader): Extensions => {
  const extensions = new Map<number, Uint8Array>()
  if (reader.remaining === 0) return extensions
  const list = new ByteReader(reader.take(reader.u16()), 'dtls/malformed')
  while (list.remaining > 0) {
    const type = list.u16()
    if (extensions.has(type)) throw malformed(`extension ${type} is there twice`)
    if (extensions.size === MAX_EXTENSIONS) throw malformed(`more than ${MAX_EXTENSIONS} extensions`)
    extensions.set(type, list.take(list.u16()))
  }
  return extensions
}

export const writeExtensions = (writer: ByteWriter, extensions: Extensions): void => {
  const list = new ByteWriter()
  for (const [type, body] of extensions) list.u16(type).u16(body.length).bytes(body)
  writer.u16(list.length).bytes(list.view())
}

/** The body of an extension that is a vector of numbers of two bytes. */
export const encodeU16s = (numbers: readonly number[]): Uint8Array => {
  const writer = new ByteWriter().u16(2 * numbers.length)
  for (const number of numbers) writer.u16(number)
  return writer.finish()
}

/** @returns none if the extension is not there */
export const decodeU16s = (name: string, body: Uint8Array | undefined): readonly number[] => (body ? readWhole(name, body, readU16s) : [])

/** use_srtp, RFC 5764 section 4.1.1: profiles, and no master key identifier. */
export const encodeUseSrtp = (profiles: readonly number[]): Uint8Array => new ByteWriter().bytes(encodeU16s(profiles)).u8(0).finish()

/** @throws DtlsError `dtls/no-srtp` if it is not there */
export const decodeUseSrtp = (body: Uint8Array | undefined): { readonly profiles: readonly number[]; readonly mkiBytes: number } => {
  if (!body) throw noCommon('no-srtp', 'the peer does not ask for SRTP keys (use_srtp)')
  return readWhole('use_srtp', body, (reader) => {
    const profiles = readU16s(reader)
    const mkiBytes = reader.u8()
    reader.skip(mkiBytes)
    return { profiles, mkiBytes }
  })
}

/** Uncompressed points only, RFC 8422 section 5.1.2. */
export const POINT_FORMATS = Uint8Array.of(1, 0)

/** renegotiation_info of a first handshake, RFC 5746 section 3.4: empty. */
export const NO_RENEGOTIATION = Uint8Array.of(0)
