import type { AesEcb, SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'

/** Keys of one direction of SRTP or SRTCP. */
export type SrtpSessionKeys = {
  readonly encryption: Uint8Array
  /** 20 bytes; not used by GCM. */
  readonly authentication: Uint8Array
  readonly salt: Uint8Array
}

const AUTHENTICATION_KEY_BYTES = 20

/** RFC 3711 section 4.3.2. */
const LABEL = {
  rtp: { encryption: 0, authentication: 1, salt: 2 },
  rtcp: { encryption: 3, authentication: 4, salt: 5 },
} as const

/**
 * Session keys from the master key, RFC 3711 section 4.3, with a key derivation rate of zero; for GCM RFC 7714 section 11.
 * @param masterKey `profile.keyBytes` bytes
 * @param masterSalt `profile.saltBytes` bytes
 */
export const deriveSessionKeys = (
  profile: SrtpProfile,
  masterKey: Uint8Array,
  masterSalt: Uint8Array,
  crypto: SrtpCrypto,
): { readonly rtp: SrtpSessionKeys; readonly rtcp: SrtpSessionKeys } => {
  if (masterKey.length !== profile.keyBytes || masterSalt.length !== profile.saltBytes) {
    throw new Error(`${profile.name} needs a key of ${profile.keyBytes} bytes and a salt of ${profile.saltBytes}`)
  }
  const aesEcb = crypto.aesEcb(masterKey)
  const derive = (labels: (typeof LABEL)[keyof typeof LABEL]): SrtpSessionKeys => ({
    encryption: prf(aesEcb, masterSalt, labels.encryption, profile.keyBytes),
    authentication: prf(aesEcb, masterSalt, labels.authentication, AUTHENTICATION_KEY_BYTES),
    salt: prf(aesEcb, masterSalt, labels.salt, profile.saltBytes),
  })
  return { rtp: derive(LABEL.rtp), rtcp: derive(LABEL.rtcp) }
}

/** AES_CM of the salt with the label in its eighth byte, RFC 3711 section 4.3.3. */
const prf = (aesEcb: AesEcb, masterSalt: Uint8Array, label: number, byteLength: number): Uint8Array => {
  const blocks = new Uint8Array(Math.ceil(byteLength / 16) * 16)
  for (let at = 0; at < blocks.length; at += 16) {
    blocks.set(masterSalt, at)
    blocks[at + 7] = (blocks[at + 7] as number) ^ label
    blocks[at + 15] = at / 16
  }
  return new Uint8Array(aesEcb(blocks).subarray(0, byteLength))
}
