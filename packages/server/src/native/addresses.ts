import type { Address, Foreign } from './foreign.ts'

/**
 * Addresses of memory that JavaScript owns, for the call that follows: memory that is alive as an argument here is alive during that
 * call, and the bytes of a buffer do not move. A buffer that was detached has no length any more, so it fails the check.
 */
export class Addresses {
  readonly #foreign: Foreign
  /** Asking V8 costs more than the call that the address is for. */
  readonly #known = new WeakMap<Uint8Array, Address>()

  constructor(foreign: Foreign) {
    this.#foreign = foreign
  }

  /**
   * @param byteLength how many bytes from `at` on will be read or written
   * @throws RangeError if they are not all in `bytes`
   */
  of(bytes: Uint8Array, at: number, byteLength: number): Address {
    if (!(at >= 0 && byteLength >= 0 && at + byteLength <= bytes.length)) throw new RangeError(`${byteLength} bytes at ${at} of ${bytes.length}`)
    let address = this.#known.get(bytes)
    if (address === undefined) {
      address = this.#foreign.getRawPointer(bytes)
      this.#known.set(bytes, address)
    }
    return address + BigInt(at)
  }
}

/** Memory for as long as the process runs, at a known place: for what is handed to C with each call. */
export class FixedMemory {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly address: Address

  constructor(foreign: Foreign, byteLength: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(byteLength))
    this.view = new DataView(this.bytes.buffer)
    this.address = foreign.getRawPointer(this.bytes)
  }
}
