import { ByteWriter } from '../../bytes/byte-writer.ts'
import { writeBox, writeFullBox } from './box.ts'

/** A unit as the file holds it. Times in ticks of the track's clock. */
export type Mp4Sample = {
  /** To the next sample of the track. */
  readonly duration: number
  /** pts - dts. */
  readonly compositionOffset: number
  readonly sync: boolean
  /** NAL units, or what is written as it is: OBUs with size fields, one frame of audio. */
  readonly data: readonly Uint8Array[]
}

/** The samples of one track in a fragment. */
export type TrackRun = {
  readonly trackId: number
  readonly kind: 'video' | 'audio'
  /** Each part of the data gets its length in front, in four bytes: NAL units. */
  readonly lengthPrefixed: boolean
  /** dts of the first sample; not negative. */
  readonly baseDts: number
  readonly samples: readonly Mp4Sample[]
}

// tf_flags, tr_flags and sample_flags of ISO/IEC 14496-12 sections 8.8.7, 8.8.8 and 8.8.3.1.
const DEFAULT_SAMPLE_FLAGS_PRESENT = 0x00_0020
const DEFAULT_BASE_IS_MOOF = 0x02_0000
const DATA_OFFSET_PRESENT = 0x0001
const SAMPLE_DURATION_PRESENT = 0x0100
const SAMPLE_SIZE_PRESENT = 0x0200
const SAMPLE_FLAGS_PRESENT = 0x0400
const SAMPLE_COMPOSITION_OFFSET_PRESENT = 0x0800
/** sample_depends_on 2: an I-picture, or an audio frame. */
const SYNC_SAMPLE = 0x0200_0000
/** sample_depends_on 1, sample_is_non_sync_sample 1. */
const NON_SYNC_SAMPLE = 0x0101_0000

const MOOF_BYTES = 64
const TRAF_BYTES = 96
const RUN_ENTRY_BYTES = 16

/**
 * One fragment: MovieFragmentBox and MediaDataBox, ISO/IEC 14496-12 sections 8.8 and 8.1.1. Several of them in a row are a segment.
 * @param sequence mfhd sequence_number, rising
 * @param runs tracks without samples are left out by the caller
 */
export const encodeFragment = (sequence: number, runs: readonly TrackRun[]): Uint8Array => {
  let capacity = MOOF_BYTES
  for (const run of runs) capacity += TRAF_BYTES + run.samples.length * RUN_ENTRY_BYTES + runBytes(run)
  const out = new ByteWriter(capacity)
  const offsetsAt: number[] = []
  writeBox(out, 'moof', () => {
    writeFullBox(out, 'mfhd', 0, 0, () => out.u32(sequence))
    for (const run of runs) offsetsAt.push(writeTrackFragment(out, run))
  })
  writeBox(out, 'mdat', () => {
    runs.forEach((run, i) => {
      out.patchU32(offsetsAt[i] as number, out.length)
      for (const sample of run.samples) writeSampleData(out, run, sample)
    })
  })
  return out.view()
}

/** Bytes of a sample in the file. */
export const sampleBytes = (lengthPrefixed: boolean, data: readonly Uint8Array[]): number => {
  let bytes = lengthPrefixed ? data.length * 4 : 0
  for (const part of data) bytes += part.length
  return bytes
}

const runBytes = (run: TrackRun): number => {
  let bytes = 0
  for (const sample of run.samples) bytes += sampleBytes(run.lengthPrefixed, sample.data)
  return bytes
}

const writeSampleData = (out: ByteWriter, { lengthPrefixed }: TrackRun, sample: Mp4Sample): void => {
  for (const part of sample.data) {
    if (lengthPrefixed) out.u32(part.length)
    out.bytes(part)
  }
}

/**
 * TrackFragmentBox, section 8.8.6.
 * @returns where the run's data_offset is to be written
 */
const writeTrackFragment = (out: ByteWriter, run: TrackRun): number => {
  let dataOffsetAt = 0
  writeBox(out, 'traf', () => {
    writeFullBox(out, 'tfhd', 0, DEFAULT_BASE_IS_MOOF | DEFAULT_SAMPLE_FLAGS_PRESENT, () => out.u32(run.trackId).u32(SYNC_SAMPLE))
    writeFullBox(out, 'tfdt', 1, 0, () => out.u64(BigInt(run.baseDts)))
    dataOffsetAt = writeTrackRun(out, run)
  })
  return dataOffsetAt
}

/** TrackRunBox, section 8.8.8; version 1, whose composition offsets are signed. */
const writeTrackRun = (out: ByteWriter, run: TrackRun): number => {
  const video = run.kind === 'video'
  const flags = DATA_OFFSET_PRESENT | SAMPLE_DURATION_PRESENT | SAMPLE_SIZE_PRESENT | (video ? SAMPLE_FLAGS_PRESENT | SAMPLE_COMPOSITION_OFFSET_PRESENT : 0)
  let dataOffsetAt = 0
  writeFullBox(out, 'trun', 1, flags, () => {
    out.u32(run.samples.length)
    dataOffsetAt = out.length
    out.i32(0)
    for (const sample of run.samples) {
      out.u32(sample.duration).u32(sampleBytes(run.lengthPrefixed, sample.data))
      if (video) out.u32(sample.sync ? SYNC_SAMPLE : NON_SYNC_SAMPLE).i32(sample.compositionOffset)
    }
  })
  return dataOffsetAt
}
