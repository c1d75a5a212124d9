import { ProtocolError } from '../../bytes/protocol-error.ts'

/** Bytes of C1, C2, S1 and S2, RTMP 1.0 section 5.2. */
export const HANDSHAKE_BYTES = 1536
const VERSION = 3

/**
 * The server's half of the handshake. Clients that would prefer the undocumented one with digests see from the version 0 in S1 that
 * they have a server of the plain kind, and accept it.
 */
export class ServerHandshake {
  #input = new Uint8Array(1 + 2 * HANDSHAKE_BYTES)
  #filled = 0
  #answered = false

  /** C2 has come: chunks follow. */
  get done(): boolean {
    return this.#filled === this.#input.length
  }

  /**
   * @returns how many of the bytes belong to the handshake, and what is to be sent
   * @throws ProtocolError `rtmp/version`
   */
  push(bytes: Uint8Array): { taken: number; answer: Uint8Array | undefined } {
    const part = bytes.subarray(0, this.#input.length - this.#filled)
    this.#input.set(part, this.#filled)
    this.#filled += part.length
    const version = this.#input[0]
    if (this.#filled > 0 && version !== VERSION) {
      throw new ProtocolError('rtmp/version', `the first byte is ${version}; plain RTMP begins with 3 (RTMPE, RTMPS and RTMPT are not spoken on this port)`)
    }
    if (this.#answered || this.#filled < 1 + HANDSHAKE_BYTES) return { taken: part.length, answer: undefined }
    this.#answered = true
    return { taken: part.length, answer: serverAnswer(this.#input.subarray(1, 1 + HANDSHAKE_BYTES)) }
  }
}

/** S0, S1 and S2: the version, a time and a version of 0 before bytes that may be any, and the echo of C1. */
const serverAnswer = (c1: Uint8Array): Uint8Array => {
  const answer = new Uint8Array(1 + 2 * HANDSHAKE_BYTES)
  answer[0] = VERSION
  for (let i = 9; i <= HANDSHAKE_BYTES; i++) answer[i] = (i * 167) & 0xff
  answer.set(c1, 1 + HANDSHAKE_BYTES)
  return answer
}
