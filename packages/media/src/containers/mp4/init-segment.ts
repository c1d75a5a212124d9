import { ByteWriter } from '../../bytes/byte-writer.ts'
import { writeBox, writeFullBox } from './box.ts'
import type { Mp4Track } from './track.ts'
import { writeTrackBox, writeUnityMatrix } from './track-box.ts'

/** MovieHeaderBox.timescale; only durations of the whole movie use it, and a live stream has none. */
const MOVIE_TIMESCALE = 1000

/**
 * What a player needs before the first fragment: FileTypeBox and MovieBox, ISO/IEC 14496-12 sections 4.3 and 8.2.
 * @throws ProtocolError if an SPS cannot be read
 */
export const encodeInitSegment = (tracks: readonly Mp4Track[]): Uint8Array => {
  const out = new ByteWriter(2048)
  writeBox(out, 'ftyp', () => {
    out.ascii('iso5').u32(512) // major_brand, minor_version
    out.ascii('iso5').ascii('iso6').ascii('mp41') // default-base-is-moof came with iso5
  })
  writeBox(out, 'moov', () => {
    writeMovieHeader(out, Math.max(...tracks.map((track) => track.id)) + 1)
    for (const track of tracks) writeTrackBox(out, track)
    writeBox(out, 'mvex', () => {
      for (const track of tracks) writeTrackExtends(out, track.id)
    })
  })
  return out.finish()
}

/** MovieHeaderBox, section 8.2.2. */
const writeMovieHeader = (out: ByteWriter, nextTrackId: number): void =>
  writeFullBox(out, 'mvhd', 0, 0, () => {
    out.u32(0).u32(0) // creation_time, modification_time
    out.u32(MOVIE_TIMESCALE).u32(0)
    out.u32(0x0001_0000).u16(0x0100) // rate 1.0, volume 1.0
    out.zeros(10)
    writeUnityMatrix(out)
    out.zeros(24)
    out.u32(nextTrackId)
  })

/** TrackExtendsBox, section 8.8.3. */
const writeTrackExtends = (out: ByteWriter, trackId: number): void =>
  writeFullBox(out, 'trex', 0, 0, () => {
    out.u32(trackId).u32(1) // default_sample_description_index
    out.u32(0).u32(0).u32(0) // duration, size, flags: the fragments tell them
  })
