/**
 * Writes the nonce of a packet, RFC 7714 sections 8.1 and 9.1: two zero bytes, SSRC, and the index in 48 bits, combined with the salt.
 * @param nonce 12 bytes
 * @param index SRTP: roll-over counter and sequence number; SRTCP: its index
 */
export const writeGcmNonce = (nonce: Uint8Array, salt: Uint8Array, ssrc: number, index: number): void => {
  const high = Math.floor(index / 0x10000)
  nonce.set(salt)
  for (let i = 0; i < 4; i++) {
    nonce[2 + i] = (nonce[2 + i] as number) ^ (ssrc >>> (24 - i * 8))
    nonce[6 + i] = (nonce[6 + i] as number) ^ (high >>> (24 - i * 8))
  }
  nonce[10] = (nonce[10] as number) ^ (index >>> 8)
  nonce[11] = (nonce[11] as number) ^ index
}
