import { type Codec, codecLabel } from '../../codecs/codec.ts'
import { pictureSize } from '../../containers/mp4/picture-size.ts'
import { fitsMp4, type Mp4Codec, mp4Codec } from '../../containers/mp4/track.ts'
import type { Stream, UnitReader } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { encodeMediaPlaylist } from '../../protocols/hls/media-playlist.ts'
import { encodeMultivariantPlaylist } from '../../protocols/hls/multivariant-playlist.ts'
import { ResourceNames } from '../../protocols/hls/resource-names.ts'
import { Segmenter, type SegmenterOptions } from '../../protocols/hls/segmenter.ts'

/** How long the other tracks wait for the first key frame of the video, in milliseconds of arrival. */
const VIDEO_WAIT_MS = 5000

export type HlsMuxerOptions = SegmenterOptions & {
  /** Name of this run: 1 to 16 digits and lower-case letters, not used before on this path. */
  readonly run: string
  readonly lowLatency: boolean
  /** There is a new part or segment, or the end. Must not throw. */
  onChange(): void
}

/** The tracks of a stream that HLS carries here: the first video and the first audio whose codec fits. */
export const hlsTracks = (stream: Stream): { readonly carried: readonly Track[]; readonly missing: readonly Codec[] } => {
  const carried: Track[] = []
  for (const track of stream.tracks) {
    if (fitsMp4(track.codec) && !carried.some((other) => other.codec.kind === track.codec.kind)) carried.push(track)
  }
  return { carried, missing: stream.tracks.filter((track) => !carried.includes(track)).map((track) => track.codec) }
}

/** For people: `G.711 µ-law, H.264`. */
export const codecNames = (codecs: readonly Codec[]): string => codecs.map(codecLabel).join(', ')

/** Makes one HLS rendition of a stream, for all viewers. */
export class HlsMuxer implements UnitReader {
  readonly names: ResourceNames
  readonly #stream: Stream
  readonly #options: HlsMuxerOptions
  readonly #carried: readonly Track[]
  /** Those of `#carried` that the segmenter was made with, in its order. */
  #tracks: readonly Track[] = []
  #segmenter: Segmenter | undefined
  #firstArrivalMs: number | undefined
  #playlist: { readonly version: number; readonly text: string } | undefined
  #ended = false

  /** Starts to read the stream; its cached units are taken at once. */
  constructor(stream: Stream, options: HlsMuxerOptions) {
    this.#stream = stream
    this.#options = options
    this.#carried = hlsTracks(stream).carried
    this.names = new ResourceNames(options.run)
    stream.readUnits(this)
  }

  /** No more parts come: the stream is over, or a track came that the init segment has no place for. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether a playlist can be read by every player: one segment is complete. */
  get ready(): boolean {
    return (this.#segmenter?.window.segments.length ?? 0) > 0
  }

  onUnit(track: Track, unit: Unit): void {
    if (this.#ended || !this.#carried.includes(track)) return
    this.#segmenter ??= this.#start(track, unit)
    const segmenter = this.#segmenter
    if (!segmenter) return
    const index = this.#tracks.indexOf(track)
    if (index < 0) {
      // The video came after all. Players cannot take a track into what they play: they are told the end, and find the video when they come again.
      if (unit.randomAccess && usableCodec(track)) this.end()
      return
    }
    const { version } = segmenter.window
    segmenter.push(index, unit)
    if (segmenter.window.version !== version) this.#options.onChange()
  }

  onCodecChange(track: Track): void {
    const codec = usableCodec(track)
    const index = this.#tracks.indexOf(track)
    if (codec && index >= 0) this.#segmenter?.setCodec(index, codec)
  }

  /** Ends the playlist with what has come; it stays readable. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stream.stopReadingUnits(this)
    this.#segmenter?.end()
    this.#options.onChange()
  }

  /** `index.m3u8`; undefined before the first part. */
  multivariantPlaylist(): string | undefined {
    const segmenter = this.#segmenter
    if (!segmenter || segmenter.window.nextPart === 0) return undefined
    const { peak, average } = segmenter.window.bitRates()
    return encodeMultivariantPlaylist({
      uri: this.names.playlist,
      codecs: segmenter.codecs,
      peakBitRate: peak,
      averageBitRate: average,
      frameRate: segmenter.frameRate,
    })
  }

  /** The media playlist, made once for all viewers; undefined before the first part, or without low latency before the first segment. */
  mediaPlaylist(): string | undefined {
    const segmenter = this.#segmenter
    if (!segmenter || segmenter.window.nextPart === 0 || !(this.ready || this.#options.lowLatency)) return undefined
    const { version } = segmenter.window
    if (this.#playlist?.version !== version) {
      const partTargetS = this.#options.lowLatency ? segmenter.partTargetS : undefined
      this.#playlist = { version, text: encodeMediaPlaylist(segmenter.window, this.names, partTargetS) }
    }
    return this.#playlist.text
  }

  /** Whether the media playlist has that segment, or that part of it. */
  has(segment: number, part: number | undefined): boolean {
    return this.#segmenter?.window.has(segment, part) ?? false
  }

  /** Media sequence number that comes next. */
  get nextSegment(): number {
    return this.#segmenter?.window.nextSegment ?? 0
  }

  /** Number of the part that comes next. */
  get nextPart(): number {
    return this.#segmenter?.window.nextPart ?? 0
  }

  /** Bytes of an init segment, a segment or a part; undefined if it is gone or not there yet. */
  resource(kind: 'init' | 'segment' | 'part', index: number): Uint8Array | undefined {
    return this.#segmenter?.window[kind](index)
  }

  /** Begins at a key frame of the video, or without the video if that does not come. */
  #start(track: Track, unit: Unit): Segmenter | undefined {
    this.#firstArrivalMs ??= unit.arrivalMs
    const video = this.#carried.find((carried) => carried.codec.kind === 'video')
    if (video && track === video && !(unit.randomAccess && usableCodec(video))) return undefined
    if (video && track !== video && unit.arrivalMs - this.#firstArrivalMs < VIDEO_WAIT_MS) return undefined
    const usable = this.#carried.filter((carried) => carried !== video || track === video)
    const codecs = usable.flatMap((carried) => usableCodec(carried) ?? [])
    if (codecs.length !== usable.length) return undefined
    this.#tracks = usable
    return new Segmenter(codecs, this.#options)
  }
}

/** The track's codec as MP4 needs it, or undefined while its parameters are missing or cannot be read. */
const usableCodec = (track: Track): Mp4Codec | undefined => {
  const codec = mp4Codec(track.codec)
  if (codec?.kind !== 'video') return codec
  try {
    pictureSize(codec)
    return codec
  } catch {
    return undefined
  }
}
