import { ProtocolError } from './protocol-error.ts'

/** Reads bits, most significant first, and Exp-Golomb codes (H.264 section 9.1). */
export class BitReader {
  readonly #bytes: Uint8Array
  readonly #code: string
  #bit = 0

  constructor(bytes: Uint8Array, errorCode = 'bytes/truncated') {
    this.#bytes = bytes
    this.#code = errorCode
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#bit
  }

  /** @param count 0 to 32 bits, returned as an unsigned integer */
  bits(count: number): number {
    if (count > this.bitsLeft) {
      throw new ProtocolError(this.#code, `${count} bits wanted at bit ${this.#bit}, ${this.bitsLeft} are left`)
    }
    let value = 0
    for (let left = count; left > 0; ) {
      const offset = this.#bit & 7
      const take = Math.min(8 - offset, left)
      const byte = this.#bytes[this.#bit >> 3] as number
      value = value * 2 ** take + ((byte >> (8 - offset - take)) & ((1 << take) - 1))
      this.#bit += take
      left -= take
    }
    return value
  }

  flag(): boolean {
    return this.bits(1) === 1
  }

  skip(count: number): void {
    if (count > this.bitsLeft) {
      throw new ProtocolError(this.#code, `${count} bits to skip at bit ${this.#bit}, ${this.bitsLeft} are left`)
    }
    this.#bit += count
  }

  /** ue(v): unsigned Exp-Golomb, at most 32 leading zeros. */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      if (++zeros > 32) throw new ProtocolError(this.#code, 'Exp-Golomb code with more than 32 leading zeros')
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v): signed Exp-Golomb. */
  se(): number {
    const code = this.ue()
    return code & 1 ? (code + 1) / 2 : -(code / 2)
  }
}
