import { stat } from 'node:fs/promises'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { FilePathSource, Input, type InputTrack, MATROSKA, MP4, QTFF, WEBM } from 'mediabunny'
import { FileTrack, type FileUnit, readCodec } from './file-track.ts'

/** Bytes of a file that are kept in memory. */
const CACHE_BYTES = 2 * 1024 * 1024
// Playlist formats would let a file name others, and URLs.
const FORMATS = [MP4, QTFF, MATROSKA, WEBM]

/** A media file that is open for reading: its first video and its first audio track. */
export class MediaFile {
  readonly tracks: readonly FileTrack[]
  /** What is in the file and cannot be published: `audio (mp3)`. */
  readonly left: readonly string[]
  readonly #input: Input

  private constructor(input: Input, tracks: readonly FileTrack[], left: readonly string[]) {
    this.#input = input
    this.tracks = tracks
    this.left = left
  }

  /** @throws ProtocolError `file/…` that says what is wrong with the file */
  static async open(file: string): Promise<MediaFile> {
    await checkExists(file)
    const input = new Input({ source: new FilePathSource(file, { maxCacheSize: CACHE_BYTES }), formats: FORMATS })
    try {
      if (!(await input.canRead())) throw new ProtocolError('file/unknown-format', `${file} is no MP4, MOV, Matroska or WebM file`)
      const tracks: FileTrack[] = []
      const left: string[] = []
      for (const track of await mainTracks(input)) {
        const readable = await readCodec(track)
        if (readable) tracks.push(new FileTrack(track, await track.getFirstTimestamp(), readable))
        else left.push(`${track.type} (${(await track.getCodec()) ?? 'unknown codec'})`)
      }
      if (tracks.length === 0)
        throw new ProtocolError(
          'file/no-known-codec',
          `${file} has no track that can be published (H.264, H.265, VP8, VP9, AV1, AAC, Opus), only ${left.join(' and ') || 'nothing'}`,
        )
      return new MediaFile(input, tracks, left)
    } catch (error) {
      input.dispose()
      throw error
    }
  }

  /** The units of all tracks in the order they are due; once through the file, or over and over without a gap. */
  async *units(loop: boolean): AsyncGenerator<FileUnit, void> {
    const zeroSeconds = Math.min(...this.tracks.map(({ firstSeconds }) => firstSeconds))
    let startSeconds = 0
    do {
      const lengthSeconds = yield* this.#pass(startSeconds - zeroSeconds)
      if (lengthSeconds <= 0) throw new ProtocolError('file/empty', 'the file has no length: nothing to play')
      startSeconds += lengthSeconds
    } while (loop)
  }

  /** @returns seconds that the longest track lasts */
  async *#pass(originSeconds: number): AsyncGenerator<FileUnit, number> {
    const readers = this.tracks.map((track, index) => track.units(index, originSeconds))
    const heads = await Promise.all(readers.map((reader) => reader.next()))
    let lengthSeconds = 0
    for (;;) {
      let first: FileUnit | undefined
      for (const head of heads) if (!head.done && (!first || head.value.dueMs < first.dueMs)) first = head.value
      if (!first) break
      yield first
      const head = await readers[first.track]?.next()
      if (head) heads[first.track] = head
    }
    for (const head of heads) if (head.done) lengthSeconds = Math.max(lengthSeconds, head.value)
    return lengthSeconds
  }

  close(): void {
    this.#input.dispose()
  }
}

const checkExists = async (file: string): Promise<void> => {
  try {
    if ((await stat(file)).isFile()) return
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ProtocolError('file/missing', `${file} cannot be read (${code}): name a file that exists`)
  }
  throw new ProtocolError('file/no-file', `${file} is no file`)
}

const mainTracks = async (input: Input): Promise<InputTrack[]> => {
  const tracks = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()]
  return tracks.filter((track) => track !== null)
}
