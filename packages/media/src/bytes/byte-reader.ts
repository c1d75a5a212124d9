import { ProtocolError } from './protocol-error.ts'

/**
 * Reads big-endian integers and byte runs from the front of a buffer.
 * Reading past the end throws `ProtocolError` with the code given to the constructor.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  position = 0
  readonly #view: DataView
  readonly #code: string

  constructor(bytes: Uint8Array, errorCode = 'bytes/truncated') {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#code = errorCode
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.bytes.length - this.position
  }

  #advance(count: number): number {
    const at = this.position
    if (count < 0 || at + count > this.bytes.length) {
      throw new ProtocolError(this.#code, `${count} bytes wanted at offset ${at}, ${this.bytes.length - at} are left`)
    }
    this.position = at + count
    return at
  }

  u8(): number {
    return this.bytes[this.#advance(1)] as number
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u24(): number {
    const at = this.#advance(3)
    return (this.#view.getUint16(at) << 8) | (this.bytes[at + 2] as number)
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  u32le(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2))
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4))
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8))
  }

  /** A view, not a copy. */
  take(count: number): Uint8Array {
    const at = this.#advance(count)
    return this.bytes.subarray(at, at + count)
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.take(this.remaining)
  }

  skip(count: number): void {
    this.#advance(count)
  }
}
