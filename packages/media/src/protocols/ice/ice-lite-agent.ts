import { encodeUtf8 } from '../../bytes/utf8.ts'
import { hasIntegrity, type ReceivedStun } from '../stun/decode-stun.ts'
import { encodeStun } from '../stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '../stun/stun-constants.ts'
import type { HmacSha1, StunMessage } from '../stun/stun-message.ts'
import type { TransportAddress } from '../stun/transport-address.ts'

/** A peer that sent no valid check for this long did not renew its consent: RFC 7675 section 5.1. */
export const CONSENT_TIMEOUT_MS = 30_000
/** Twice the pause between two checks of consent, RFC 7675 section 5.1: an address that is silent for longer was lost. */
const SILENT_ADDRESS_MS = 12_000

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
 * itself, since the peer, a full agent, finds the way to our public address. The peer may nominate another address at any time: it
 * changed its network. After an ICE restart (section 9) the old credentials serve until the peer nominates by the new ones.
 */
export class IceLiteAgent<Address extends TransportAddress = TransportAddress> {
  readonly #hmacSha1: HmacSha1
  #generation: Generation
  #nextGeneration: Generation | undefined
  #remoteAddress: Address | undefined
  #nominated = false
  #nominatedValidMs = 0
  #lastValidMs: number

  /** @param nowMs when the session began: the peer has `CONSENT_TIMEOUT_MS` for its first check */
  constructor(local: IceCredentials, remote: IceCredentials, hmacSha1: HmacSha1, nowMs: number) {
    this.#generation = makeGeneration(local, remote)
    this.#hmacSha1 = hmacSha1
    this.#lastValidMs = nowMs
  }

  /**
   * Where to send: the address nominated last; the one that the last valid check came from before the first nomination, and when the
   * nominated one fell silent: an address translator gave the peer another port, and it does not know.
   */
  get remoteAddress(): Address | undefined {
    return this.#remoteAddress
  }

  /** When the last valid check came, or the session began. */
  get lastValidMs(): number {
    return this.#lastValidMs
  }

  /** The peer's user name: another one is an ICE restart. */
  get remoteUfrag(): string {
    return (this.#nextGeneration ?? this.#generation).remoteUfrag
  }

  /** Our user names that checks may have now: during an ICE restart two. */
  get localUfrags(): string[] {
    return [this.#generation, ...(this.#nextGeneration ? [this.#nextGeneration] : [])].map(({ localUfrag }) => localUfrag)
  }

  /** ICE restart: from now on checks may have the new credentials. A restart that was under way is given up. */
  restart(local: IceCredentials, remote: IceCredentials): void {
    this.#nextGeneration = makeGeneration(local, remote)
  }

  /** Whether the peer is gone. */
  isExpired(nowMs: number): boolean {
    return nowMs - this.#lastValidMs > CONSENT_TIMEOUT_MS
  }

  /**
   * Takes a Binding request, RFC 8445 section 7.3.
   * @param bytes what `message` was decoded from
   */
  handleRequest(nowMs: number, message: ReceivedStun, bytes: Uint8Array, from: Address): IceCheck {
    const next = this.#nextGeneration
    const generation = next && message.username === next.username ? next : this.#generation
    const known = message.class === STUN_CLASS.REQUEST && message.username === generation.username
    const { key } = generation
    // Unlike RFC 8489 section 9.1.3 says, what proves nothing is not answered: nobody may use us to send to others.
    if (!known || !hasIntegrity(bytes, message, key, this.#hmacSha1)) return { response: undefined, valid: false }
    if (message.unknownRequired.length > 0) return this.#sign(key, message, { errorCode: UNKNOWN_ATTRIBUTE, unknownAttributes: message.unknownRequired })
    // We are lite and so controlled, always: section 6.1.1. The peer has to take the other role.
    if (message.iceControlling === undefined) return this.#sign(key, message, { errorCode: ROLE_CONFLICT })

    this.#lastValidMs = nowMs
    if (generation === next && message.useCandidate) {
      this.#generation = generation
      this.#nextGeneration = undefined
    }
    this.#choose(nowMs, from, message.useCandidate === true)
    const { address, port } = from
    return { ...this.#sign(key, message, { xorMappedAddress: { address, port } }), valid: true }
  }

  #choose(nowMs: number, from: Address, nominates: boolean): void {
    const current = this.#remoteAddress
    const isCurrent = current?.address === from.address && current.port === from.port
    if (nominates) this.#nominated = true
    if (nominates || isCurrent) this.#nominatedValidMs = nowMs
    if (nominates || !this.#nominated || nowMs - this.#nominatedValidMs > SILENT_ADDRESS_MS) this.#remoteAddress = from
  }

  #sign(key: Uint8Array, request: StunMessage, content: Partial<StunMessage>): IceCheck {
    const response = encodeStun(
      { class: content.errorCode ? STUN_CLASS.ERROR : STUN_CLASS.SUCCESS, method: STUN_METHOD.BINDING, transactionId: request.transactionId, ...content },
      { key, hmacSha1: this.#hmacSha1 },
    )
    return { response, valid: false }
  }
}

/** Credentials of both sides from one ICE restart to the next. */
type Generation = {
  readonly localUfrag: string
  readonly remoteUfrag: string
  /** Of the peer's checks. */
  readonly username: string
  readonly key: Uint8Array
}

const makeGeneration = (local: IceCredentials, remote: IceCredentials): Generation => ({
  localUfrag: local.ufrag,
  remoteUfrag: remote.ufrag,
  username: `${local.ufrag}:${remote.ufrag}`,
  key: encodeUtf8(local.password),
})

const UNKNOWN_ATTRIBUTE = { code: 420, reason: 'Unknown Attribute' } as const
const ROLE_CONFLICT = { code: 487, reason: 'Role Conflict' } as const
