/** RFC 8489 section 5. */
export const MAGIC_COOKIE = 0x2112a442
export const STUN_HEADER_BYTES = 20
export const TRANSACTION_ID_BYTES = 12

/** Longest message that is read, in bytes: a datagram that fits any path. Connectivity checks have about 150. */
export const MAX_STUN_BYTES = 1500
export const MAX_STUN_ATTRIBUTES = 32

export const STUN_METHOD = { BINDING: 1 } as const

export const STUN_CLASS = { REQUEST: 0, INDICATION: 1, SUCCESS: 2, ERROR: 3 } as const
export type StunClass = (typeof STUN_CLASS)[keyof typeof STUN_CLASS]

/** RFC 8489 section 18.3, RFC 8445 section 20.1. Below 0x8000: a receiver must understand it. */
export const STUN_ATTRIBUTE = {
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  UNKNOWN_ATTRIBUTES: 0x000a,
  REALM: 0x0014,
  NONCE: 0x0015,
  MESSAGE_INTEGRITY_SHA256: 0x001c,
  XOR_MAPPED_ADDRESS: 0x0020,
  PRIORITY: 0x0024,
  USE_CANDIDATE: 0x0025,
  SOFTWARE: 0x8022,
  FINGERPRINT: 0x8028,
  ICE_CONTROLLED: 0x8029,
  ICE_CONTROLLING: 0x802a,
} as const

/** What the CRC of FINGERPRINT is combined with, RFC 8489 section 14.7. */
export const FINGERPRINT_XOR = 0x5354554e
export const INTEGRITY_BYTES = 20
