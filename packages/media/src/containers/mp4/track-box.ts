import type { ByteWriter } from '../../bytes/byte-writer.ts'
import { writeBox, writeFullBox } from './box.ts'
import { pictureSize } from './picture-size.ts'
import { writeSampleEntry } from './sample-entry.ts'
import type { Mp4Track } from './track.ts'

const TRACK_ENABLED = 0x1
const TRACK_IN_MOVIE = 0x2
const DATA_IN_SAME_FILE = 0x1

/** ISO 639-2 "und", three letters of five bits. */
const LANGUAGE_UNDETERMINED = 0x55c4

/** The unity matrix of TrackHeaderBox and MovieHeaderBox. */
export const writeUnityMatrix = (out: ByteWriter): void => {
  for (const value of [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]) out.u32(value)
}

/**
 * TrackBox of a fragmented file, ISO/IEC 14496-12 section 8.3: all but its samples.
 * @throws ProtocolError if a video codec's parameters cannot be read
 */
export const writeTrackBox = (out: ByteWriter, track: Mp4Track): void =>
  writeBox(out, 'trak', () => {
    writeTrackHeader(out, track)
    writeBox(out, 'mdia', () => {
      writeMediaHeader(out, track.codec.clockRate)
      writeHandler(out, track)
      writeBox(out, 'minf', () => {
        if (track.codec.kind === 'video') writeFullBox(out, 'vmhd', 0, 1, () => out.zeros(8))
        else writeFullBox(out, 'smhd', 0, 0, () => out.zeros(4))
        writeDataInformation(out)
        writeSampleTable(out, track)
      })
    })
  })

/** TrackHeaderBox, section 8.3.2. */
const writeTrackHeader = (out: ByteWriter, track: Mp4Track): void =>
  writeFullBox(out, 'tkhd', 0, TRACK_ENABLED | TRACK_IN_MOVIE, () => {
    out.u32(0).u32(0) // creation_time, modification_time
    out.u32(track.id).u32(0)
    out.u32(0) // duration
    out.zeros(8)
    out.u16(0).u16(0) // layer, alternate_group
    out.u16(track.codec.kind === 'audio' ? 0x0100 : 0).u16(0) // volume
    writeUnityMatrix(out)
    const size = track.codec.kind === 'video' ? pictureSize(track.codec) : { width: 0, height: 0 }
    out.u16(size.width).u16(0).u16(size.height).u16(0)
  })

/** MediaHeaderBox, section 8.4.2. */
const writeMediaHeader = (out: ByteWriter, timescale: number): void =>
  writeFullBox(out, 'mdhd', 0, 0, () => {
    out.u32(0).u32(0) // creation_time, modification_time
    out.u32(timescale).u32(0)
    out.u16(LANGUAGE_UNDETERMINED).u16(0)
  })

/** HandlerBox, section 8.4.3. */
const writeHandler = (out: ByteWriter, track: Mp4Track): void =>
  writeFullBox(out, 'hdlr', 0, 0, () => {
    out.u32(0)
    out.ascii(track.codec.kind === 'video' ? 'vide' : 'soun')
    out.zeros(12)
    out.ascii(track.codec.kind === 'video' ? 'Video' : 'Audio').u8(0)
  })

/** DataInformationBox, section 8.7.1: the samples are in this file. */
const writeDataInformation = (out: ByteWriter): void =>
  writeBox(out, 'dinf', () =>
    writeFullBox(out, 'dref', 0, 0, () => {
      out.u32(1)
      writeFullBox(out, 'url ', 0, DATA_IN_SAME_FILE, () => {})
    }),
  )

/** SampleTableBox, section 8.5.1: only the sample entry; the other tables are mandatory but empty, since the fragments have the samples. */
const writeSampleTable = (out: ByteWriter, track: Mp4Track): void =>
  writeBox(out, 'stbl', () => {
    writeFullBox(out, 'stsd', 0, 0, () => {
      out.u32(1)
      writeSampleEntry(out, track.codec)
    })
    writeFullBox(out, 'stts', 0, 0, () => out.u32(0))
    writeFullBox(out, 'stsc', 0, 0, () => out.u32(0))
    writeFullBox(out, 'stsz', 0, 0, () => out.u32(0).u32(0))
    writeFullBox(out, 'stco', 0, 0, () => out.u32(0))
  })
