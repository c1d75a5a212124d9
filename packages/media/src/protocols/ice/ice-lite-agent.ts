import { encodeUtf8 } from '../../bytes/utf8.ts'
import { hasIntegrity, type ReceivedStun } from '../stun/decode-stun.ts'
import { encodeStun } from '../stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '../stun/stun-constants.ts'
import type { HmacSha1, StunMessage } from '../stun/stun-message.ts'
import type { TransportAddress } from '../stun/transport-address.ts'

/** A peer that sent no valid check for this long did not renew its consent: RFC 7675 section 5.1. */
export const CONSENT_TIMEOUT_MS = 30_000

export type IceCredentials = { readonly ufrag: string; readonly password: string }

/** What a check brought. */
export type IceCheck = {
  /** To be sent to where the check came from; undefined if it deserves no answer. */
  readonly response: Uint8Array | undefined
  /** The check was authentic. */
  readonly valid: boolean
}

/**
 * The lite side of ICE, RFC 8445: answers connectivity checks, and sends to the address that the peer nominates. It never sends checks
 * itself, since the peer, a full agent, finds the way to our public address. The peer may nominate another address at any time.
 */
export class IceLiteAgent {
  readonly #local: IceCredentials
  readonly #remote: IceCredentials
  readonly #key: Uint8Array
  readonly #hmacSha1: HmacSha1
  #remoteAddress: TransportAddress | undefined
  #nominated = false
  #lastValidMs: number

  /** @param nowMs when the session began: the peer has `CONSENT_TIMEOUT_MS` for its first check */
  constructor(local: IceCredentials, remote: IceCredentials, hmacSha1: HmacSha1, nowMs: number) {
    this.#local = local
    this.#remote = remote
    this.#key = encodeUtf8(local.password)
    this.#hmacSha1 = hmacSha1
    this.#lastValidMs = nowMs
  }

  /** Where to send: the address nominated last; before the first nomination the one that the last valid check came from. */
  get remoteAddress(): TransportAddress | undefined {
    return this.#remoteAddress
  }

  get remoteUfrag(): string {
    return this.#remote.ufrag
  }

  /** Whether the peer is gone. */
  isExpired(nowMs: number): boolean {
    return nowMs - this.#lastValidMs > CONSENT_TIMEOUT_MS
  }

  /**
   * Takes a Binding request, RFC 8445 section 7.3.
   * @param bytes what `message` was decoded from
   */
  handleRequest(nowMs: number, message: ReceivedStun, bytes: Uint8Array, from: TransportAddress): IceCheck {
    const known = message.class === STUN_CLASS.REQUEST && message.username === `${this.#local.ufrag}:${this.#remote.ufrag}`
    // Unlike RFC 8489 section 9.1.3 says, what that proves nothing is not answered: nobody may use us to send to others.
    if (!known || !hasIntegrity(bytes, message, this.#key, this.#hmacSha1)) return { response: undefined, valid: false }
    if (message.unknownRequired.length > 0) return this.#sign(message, { errorCode: UNKNOWN_ATTRIBUTE, unknownAttributes: message.unknownRequired })
    // We are lite and so controlled, always: section 6.1.1. The peer has to take the other role.
    if (message.iceControlling === undefined) return this.#sign(message, { errorCode: ROLE_CONFLICT })

    this.#lastValidMs = nowMs
    if (message.useCandidate) {
      this.#remoteAddress = from
      this.#nominated = true
    } else if (!this.#nominated) this.#remoteAddress = from
    return { ...this.#sign(message, { xorMappedAddress: from }), valid: true }
  }

  #sign(request: StunMessage, content: Partial<StunMessage>): IceCheck {
    const response = encodeStun(
      { class: content.errorCode ? STUN_CLASS.ERROR : STUN_CLASS.SUCCESS, method: STUN_METHOD.BINDING, transactionId: request.transactionId, ...content },
      { key: this.#key, hmacSha1: this.#hmacSha1 },
    )
    return { response, valid: false }
  }
}

const UNKNOWN_ATTRIBUTE = { code: 420, reason: 'Unknown Attribute' } as const
const ROLE_CONFLICT = { code: 487, reason: 'Role Conflict' } as const
