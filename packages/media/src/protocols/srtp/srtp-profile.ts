/** A protection profile as DTLS negotiates it, RFC 5764 section 4.1.2 and RFC 7714 section 14.2. */
export type SrtpProfile = {
  /** Value in the use_srtp extension. */
  readonly id: number
  readonly name: string
  readonly keyBytes: number
  readonly saltBytes: number
  readonly tagBytes: number
  /** Encryption and authentication in one, RFC 7714. */
  readonly aead: boolean
}

export const AES_CM_128_HMAC_SHA1_80: SrtpProfile = { id: 0x0001, name: 'AES_CM_128_HMAC_SHA1_80', keyBytes: 16, saltBytes: 14, tagBytes: 10, aead: false }
export const AEAD_AES_128_GCM: SrtpProfile = { id: 0x0007, name: 'AEAD_AES_128_GCM', keyBytes: 16, saltBytes: 12, tagBytes: 16, aead: true }
export const AEAD_AES_256_GCM: SrtpProfile = { id: 0x0008, name: 'AEAD_AES_256_GCM', keyBytes: 32, saltBytes: 12, tagBytes: 16, aead: true }

/** All of them; a server orders them by what they cost it. */
export const SRTP_PROFILES: readonly SrtpProfile[] = [AES_CM_128_HMAC_SHA1_80, AEAD_AES_128_GCM, AEAD_AES_256_GCM]

/** Longest growth of a packet: the tag of GCM, and for SRTCP the index. */
export const MAX_SRTP_OVERHEAD = 16 + 4
