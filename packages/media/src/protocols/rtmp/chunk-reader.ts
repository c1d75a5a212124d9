import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DEFAULT_CHUNK_SIZE, MAX_MESSAGE_BYTES, MESSAGE_TYPE, type RtmpMessage } from './message.ts'

/** Chunk streams that a peer may use. Real ones use less than ten. */
export const MAX_CHUNK_STREAMS = 64
/** What unfinished messages of all chunk streams may come to, in bytes. */
export const MAX_UNFINISHED_BYTES = 2 * MAX_MESSAGE_BYTES

/** Basic header of 3 bytes, message header of 11, extended timestamp of 4. */
const MAX_HEADER_BYTES = 18
const EXTENDED_TIMESTAMP = 0xffffff
/** Bytes of the message header for the chunk types 0 to 3, section 5.3.1.2. */
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const
/** First piece of a message's buffer; it grows with what really comes, not with what a header promises. */
const FIRST_BUFFER_BYTES = 16 * 1024

/** What the chunks of one chunk stream have in common, and the message that is being put together. */
type ChunkStream = {
  timestampMs: number
  /** The newest timestamp field: absolute of a type 0, a difference of the types 1 and 2. */
  timestampField: number
  hasExtendedTimestamp: boolean
  length: number
  type: number
  streamId: number
  buffer: Uint8Array
  filled: number
  /** Between a message's first and last chunk. */
  unfinished: boolean
}

/**
 * Puts messages together from a byte stream of chunks, RTMP 1.0 section 5.3. Set Chunk Size and Abort are followed here and not given out.
 */
export class ChunkReader {
  readonly #streams = new Map<number, ChunkStream>()
  #chunkSize = DEFAULT_CHUNK_SIZE
  #unfinishedBytes = 0
  /** A header whose end has not come yet. */
  #pending = new Uint8Array(0)
  /** The chunk whose payload comes now, and how much of it is to come. */
  #current: ChunkStream | undefined
  #chunkLeft = 0

  /**
   * @param bytes the next piece of the byte stream, of any size; not kept
   * @returns the messages that it completes; their payloads are the caller's
   * @throws ProtocolError `rtmp/…`
   */
  push(bytes: Uint8Array): RtmpMessage[] {
    const messages: RtmpMessage[] = []
    let input = bytes
    if (this.#pending.length > 0) {
      input = new Uint8Array(this.#pending.length + bytes.length)
      input.set(this.#pending)
      input.set(bytes, this.#pending.length)
      this.#pending = new Uint8Array(0)
    }
    let at = 0
    while (at < input.length) {
      if (!this.#current) {
        const headerBytes = this.#readHeader(input.subarray(at, at + MAX_HEADER_BYTES))
        if (headerBytes === 0) {
          // Not slice: that of a Buffer does not copy.
          this.#pending = new Uint8Array(input.subarray(at))
          break
        }
        at += headerBytes
      } else {
        const part = input.subarray(at, at + this.#chunkLeft)
        append(this.#current, part)
        this.#chunkLeft -= part.length
        at += part.length
      }
      this.#finishChunk(messages)
    }
    return messages
  }

  #finishChunk(messages: RtmpMessage[]): void {
    const stream = this.#current
    if (!stream || this.#chunkLeft > 0) return
    this.#current = undefined
    if (stream.filled < stream.length) return
    const message = {
      type: stream.type,
      streamId: stream.streamId,
      timestampMs: stream.timestampMs,
      payload: stream.buffer.subarray(0, stream.length),
    }
    this.#forget(stream)
    if (message.type === MESSAGE_TYPE.SET_CHUNK_SIZE) this.#setChunkSize(message.payload)
    else if (message.type === MESSAGE_TYPE.ABORT) this.#abort(message.payload)
    else messages.push(message)
  }

  /** @returns the header's bytes, or 0 if its end has not come yet */
  #readHeader(bytes: Uint8Array): number {
    const first = bytes[0] as number
    const type = first >> 6
    const idBytes = (first & 0x3f) === 0 ? 2 : (first & 0x3f) === 1 ? 3 : 1
    const fixedBytes = idBytes + (MESSAGE_HEADER_BYTES[type] as number)
    if (bytes.length < fixedBytes) return 0
    const reader = new ByteReader(bytes)
    reader.skip(1)
    let id = first & 0x3f
    // Section 5.3.1.1: the third byte counts 256, the second one, from 64 on.
    if (idBytes === 2) id = 64 + reader.u8()
    else if (idBytes === 3) id = 64 + reader.u8() + reader.u8() * 256
    const known = this.#streams.get(id)
    if (type === 3 && known) return this.#continue(known, reader, id)
    const stream = known ?? this.#open(id, type)
    if (stream.unfinished) {
      throw new ProtocolError('rtmp/message-interrupted', `a new message on chunk stream ${id}, whose message of ${stream.length} bytes is at ${stream.filled}`)
    }
    const field = reader.u24()
    const extended = field === EXTENDED_TIMESTAMP
    if (extended && bytes.length < fixedBytes + 4) return 0
    if (type <= 1) {
      stream.length = reader.u24()
      stream.type = reader.u8()
    }
    if (type === 0) stream.streamId = reader.u32le()
    stream.hasExtendedTimestamp = extended
    stream.timestampField = extended ? reader.u32() : field
    stream.timestampMs = type === 0 ? stream.timestampField : (stream.timestampMs + stream.timestampField) >>> 0
    this.#begin(stream, id)
    return reader.position
  }

  /** A chunk of type 3: more of a message, or a new one with the header of the one before. */
  #continue(stream: ChunkStream, reader: ByteReader, id: number): number {
    if (stream.hasExtendedTimestamp) {
      // Section 5.3.1.3 has the extended timestamp here as well, yet some encoders leave it out: it is one if it says what is expected.
      if (reader.remaining < 4) return 0
      const value = reader.u32()
      if (value !== stream.timestampField && value !== stream.timestampMs) reader.position -= 4
    }
    if (stream.unfinished) {
      this.#current = stream
      this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.filled)
    } else {
      stream.timestampMs = (stream.timestampMs + stream.timestampField) >>> 0
      this.#begin(stream, id)
    }
    return reader.position
  }

  #open(id: number, type: number): ChunkStream {
    // A type 1 as the first: its message stream ID is unknown, and 0 does no harm. Some old encoders do so.
    if (type > 1) throw new ProtocolError('rtmp/chunk-without-header', `the first chunk on chunk stream ${id} is of type ${type}; it must be of type 0`)
    if (this.#streams.size >= MAX_CHUNK_STREAMS) throw new ProtocolError('rtmp/too-many-chunk-streams', `more than ${MAX_CHUNK_STREAMS} chunk streams`)
    const stream: ChunkStream = {
      timestampMs: 0,
      timestampField: 0,
      hasExtendedTimestamp: false,
      length: 0,
      type: 0,
      streamId: 0,
      buffer: NO_BYTES,
      filled: 0,
      unfinished: false,
    }
    this.#streams.set(id, stream)
    return stream
  }

  #begin(stream: ChunkStream, id: number): void {
    if (stream.length > MAX_MESSAGE_BYTES) {
      throw new ProtocolError('rtmp/message-too-long', `a message of ${stream.length} bytes on chunk stream ${id}; at most ${MAX_MESSAGE_BYTES} are taken`)
    }
    if (this.#unfinishedBytes + stream.length > MAX_UNFINISHED_BYTES) {
      throw new ProtocolError('rtmp/too-much-unfinished', `unfinished messages of more than ${MAX_UNFINISHED_BYTES} bytes`)
    }
    this.#unfinishedBytes += stream.length
    stream.unfinished = true
    stream.filled = 0
    stream.buffer = stream.length === 0 ? NO_BYTES : new Uint8Array(Math.min(stream.length, FIRST_BUFFER_BYTES))
    this.#current = stream
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length)
  }

  #forget(stream: ChunkStream): void {
    this.#unfinishedBytes -= stream.length
    stream.unfinished = false
    stream.filled = 0
    stream.buffer = NO_BYTES
  }

  #setChunkSize(payload: Uint8Array): void {
    const size = new ByteReader(payload, 'rtmp/control-message').u32() & 0x7fffffff
    if (size === 0) throw new ProtocolError('rtmp/chunk-size', 'Set Chunk Size with 0; it must be at least 1')
    // No chunk is longer than its message.
    this.#chunkSize = Math.min(size, MAX_MESSAGE_BYTES)
  }

  #abort(payload: Uint8Array): void {
    const stream = this.#streams.get(new ByteReader(payload, 'rtmp/control-message').u32())
    if (stream?.unfinished) this.#forget(stream)
  }
}

const NO_BYTES = new Uint8Array(0)

const append = (stream: ChunkStream, part: Uint8Array): void => {
  const need = stream.filled + part.length
  if (need > stream.buffer.length) {
    const grown = new Uint8Array(Math.min(stream.length, Math.max(need, stream.buffer.length * 2)))
    grown.set(stream.buffer.subarray(0, stream.filled))
    stream.buffer = grown
  }
  stream.buffer.set(part, stream.filled)
  stream.filled = need
}
