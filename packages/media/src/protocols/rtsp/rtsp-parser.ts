import { ProtocolError } from '../../bytes/protocol-error.ts'
import { INTERLEAVED_HEADER_BYTES, INTERLEAVED_MAGIC, type InterleavedFrame } from './interleaved.ts'
import { bodyLength, decodeHead, MAX_HEAD_BYTES, type RtspMessage } from './message.ts'

const LF = 10
const CR = 13
const NO_BYTES = new Uint8Array(0)

/**
 * Cuts a connection's bytes into messages and interleaved frames. What lies in one piece of input is given as a view into it;
 * only what is cut by the end of a piece is copied. Holds one unfinished element at most.
 */
export class RtspParser {
  #input: Uint8Array = NO_BYTES
  #at = 0
  /** The unfinished element: `#pendingLength` bytes of it are here. */
  #pending: Uint8Array = NO_BYTES
  #pendingLength = 0
  /** The pending bytes up to here have no end of a head in them. */
  #searched = 0
  /** Set once the head of the pending message is complete. */
  #head: { message: RtspMessage; bytes: number; total: number } | undefined

  /** Call `next` until it gives undefined before the next `push`. */
  push(bytes: Uint8Array): void {
    if (this.#at < this.#input.length) throw new Error('the input before this one was not read to its end')
    this.#input = bytes
    this.#at = 0
  }

  /** Whether an element has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#pendingLength > 0
  }

  /**
   * The next element, or undefined when more input is needed.
   * @throws ProtocolError `rtsp/garbage`, `rtsp/header-too-long` and those of `decodeHead` and `bodyLength`; the parser is of no use then
   */
  next(): RtspMessage | InterleavedFrame | undefined {
    if (this.#pendingLength > 0) return this.#goOn()
    this.#skipLineEnds()
    const left = this.#input.length - this.#at
    if (left === 0) return undefined
    if (this.#input[this.#at] === INTERLEAVED_MAGIC && left >= INTERLEAVED_HEADER_BYTES) {
      const total = INTERLEAVED_HEADER_BYTES + (((this.#input[this.#at + 2] as number) << 8) | (this.#input[this.#at + 3] as number))
      if (left >= total) {
        const frame = frameOf(this.#input.subarray(this.#at, this.#at + total))
        this.#at += total
        return frame
      }
    }
    this.#move(1)
    return this.#goOn()
  }

  #goOn(): RtspMessage | InterleavedFrame | undefined {
    return this.#pending[0] === INTERLEAVED_MAGIC ? this.#frame() : this.#message()
  }

  #frame(): InterleavedFrame | undefined {
    if (!this.#fillTo(INTERLEAVED_HEADER_BYTES)) return undefined
    const total = INTERLEAVED_HEADER_BYTES + (((this.#pending[2] as number) << 8) | (this.#pending[3] as number))
    if (!this.#fillTo(total)) return undefined
    return frameOf(this.#finish(total))
  }

  #message(): RtspMessage | undefined {
    if (!this.#head) {
      checkFirstByte(this.#pending[0] as number)
      this.#move(Math.min(this.#input.length - this.#at, MAX_HEAD_BYTES - this.#pendingLength))
      const end = findHeadEnd(this.#pending, this.#searched, this.#pendingLength)
      if (end < 0) {
        if (this.#pendingLength >= MAX_HEAD_BYTES)
          throw new ProtocolError('rtsp/header-too-long', `start line and headers of more than ${MAX_HEAD_BYTES} bytes`)
        this.#searched = Math.max(0, this.#pendingLength - 2)
        return undefined
      }
      this.#at -= this.#pendingLength - end
      this.#pendingLength = end
      const message = decodeHead(this.#pending.subarray(0, end))
      this.#head = { message, bytes: end, total: end + bodyLength(message) }
    }
    const { message, bytes, total } = this.#head
    if (!this.#fillTo(total)) return undefined
    return { ...message, body: this.#finish(total).subarray(bytes) }
  }

  /** Takes input until `total` bytes of the pending element are there. */
  #fillTo(total: number): boolean {
    this.#reserve(total)
    this.#move(Math.min(total - this.#pendingLength, this.#input.length - this.#at))
    return this.#pendingLength >= total
  }

  #move(count: number): void {
    if (count <= 0) return
    this.#reserve(this.#pendingLength + count)
    this.#pending.set(this.#input.subarray(this.#at, this.#at + count), this.#pendingLength)
    this.#pendingLength += count
    this.#at += count
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#pending.length) return
    const grown = new Uint8Array(this.#pendingLength === 0 ? capacity : Math.max(capacity, this.#pending.length * 2))
    grown.set(this.#pending.subarray(0, this.#pendingLength))
    this.#pending = grown
  }

  /** Gives the pending bytes away: they are views in what the receiver keeps, so the buffer is not used again. */
  #finish(total: number): Uint8Array {
    const bytes = this.#pending.subarray(0, total)
    this.#pending = NO_BYTES
    this.#pendingLength = 0
    this.#searched = 0
    this.#head = undefined
    return bytes
  }

  /** Some clients send an empty line after a body. */
  #skipLineEnds(): void {
    while (this.#at < this.#input.length && (this.#input[this.#at] === CR || this.#input[this.#at] === LF)) this.#at++
  }
}

const frameOf = (bytes: Uint8Array): InterleavedFrame => ({
  type: 'interleaved',
  channel: bytes[1] as number,
  payload: bytes.subarray(INTERLEAVED_HEADER_BYTES),
})

/** Methods and `RTSP/1.0` begin with a capital letter: anything else is seen at once, without waiting for a line to end. */
const checkFirstByte = (byte: number): void => {
  if (byte < 0x41 || byte > 0x5a) {
    throw new ProtocolError('rtsp/garbage', `byte 0x${byte.toString(16).padStart(2, '0')} where an RTSP message or a $ frame should begin`)
  }
}

/** Index after the empty line that ends a head, or -1. */
const findHeadEnd = (bytes: Uint8Array, from: number, length: number): number => {
  for (let i = bytes.indexOf(LF, from); i >= 0 && i < length - 1; i = bytes.indexOf(LF, i + 1)) {
    if (bytes[i + 1] === LF) return i + 2
    if (bytes[i + 1] === CR && i + 2 < length && bytes[i + 2] === LF) return i + 3
  }
  return -1
}
