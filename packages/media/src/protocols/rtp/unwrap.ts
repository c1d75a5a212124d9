/** Makes a count that does not wrap of RTP's 16-bit sequence numbers. A number is taken for the nearest one to the newest. */
export class SequenceUnwrapper {
  #newest: number | undefined

  /** @returns the first number as it is; may be negative for one that came before it */
  unwrap(seq16: number): number {
    if (this.#newest === undefined) {
      this.#newest = seq16
      return seq16
    }
    // The low 16 bits of the difference as a signed number: -32768 to 32767.
    const seq = this.#newest + (((seq16 - this.#newest) << 16) >> 16)
    if (seq > this.#newest) this.#newest = seq
    return seq
  }
}

/** Makes times that do not wrap of RTP's 32-bit timestamps. A timestamp is taken for the nearest one to the last. */
export class TimestampUnwrapper {
  #last: number | undefined

  /** @returns the first timestamp as it is; may be negative for one that is before it */
  unwrap(timestamp32: number): number {
    if (this.#last === undefined) this.#last = timestamp32
    else this.#last += (timestamp32 - this.#last) | 0
    return this.#last
  }
}
