import type { STUN_METHOD, StunClass } from './stun-constants.ts'
import type { TransportAddress } from './transport-address.ts'

/** A STUN message, RFC 8489, with the attributes of ICE, RFC 8445. */
export type StunMessage = {
  readonly class: StunClass
  readonly method: (typeof STUN_METHOD)[keyof typeof STUN_METHOD]
  /** 96 bits. */
  readonly transactionId: Uint8Array
  readonly username?: string
  readonly software?: string
  readonly xorMappedAddress?: TransportAddress
  readonly priority?: number
  readonly useCandidate?: boolean
  /** The tie-breaker of the agent that controls or is controlled. */
  readonly iceControlling?: bigint
  readonly iceControlled?: bigint
  readonly errorCode?: { readonly code: number; readonly reason: string }
  /** Of an error 420: the attribute types that were not understood. */
  readonly unknownAttributes?: readonly number[]
}

/** HMAC-SHA1, RFC 2104: the pure folders have no cryptography of their own. */
export type HmacSha1 = (key: Uint8Array, message: Uint8Array) => Uint8Array
