import type { HandshakeFragment, HandshakeMessage } from './handshake-message.ts'

/** Certificates are the longest messages: RSA ones with a key of 4096 bits have 1.5 kB. */
export const MAX_MESSAGE_BYTES = 8 * 1024
/** Messages that may be in the making at once: more than any flight has. */
export const MAX_MESSAGES_AHEAD = 8
/** Pieces of one message that do not touch. A message of 8 kB in datagrams of 500 bytes has 17. */
export const MAX_PIECES = 32

/** From start to before end. */
type Piece = { readonly start: number; readonly end: number }
type Partial = { readonly type: number; readonly body: Uint8Array; pieces: readonly Piece[] }

/** Puts messages together and gives them out in their order; fragments may come in any order, overlap, and come again. */
export class Reassembly {
  readonly #partials = new Map<number, Partial>()
  #next = 0

  /**
   * Takes a copy of the fragment.
   * @returns `taken`, `repeated` if its message was given out before, `refused` if it is past a bound or fits no other fragment
   */
  add({ type, length, sequence, offset, bytes }: HandshakeFragment): 'taken' | 'repeated' | 'refused' {
    if (sequence < this.#next) return 'repeated'
    if (sequence >= this.#next + MAX_MESSAGES_AHEAD || length > MAX_MESSAGE_BYTES) return 'refused'
    let partial = this.#partials.get(sequence)
    if (!partial) {
      partial = { type, body: new Uint8Array(length), pieces: [] }
      this.#partials.set(sequence, partial)
    }
    if (partial.type !== type || partial.body.length !== length) return 'refused'
    const pieces = joined(partial.pieces, { start: offset, end: offset + bytes.length })
    if (pieces.length > MAX_PIECES) return 'refused'
    partial.body.set(bytes, offset)
    partial.pieces = pieces
    return 'taken'
  }

  /** The next message, if all of it is there. */
  take(): HandshakeMessage | undefined {
    const partial = this.#partials.get(this.#next)
    const [piece] = partial?.pieces ?? []
    if (!partial || !piece || piece.start > 0 || piece.end < partial.body.length) return undefined
    this.#partials.delete(this.#next)
    return { type: partial.type, sequence: this.#next++, body: partial.body }
  }
}

/** With one piece more: sorted, and what touches is one. */
const joined = (pieces: readonly Piece[], added: Piece): Piece[] => {
  let { start, end } = added
  const before = pieces.filter((piece) => piece.end < start)
  const behind = pieces.filter((piece) => piece.start > end)
  for (const piece of pieces.slice(before.length, pieces.length - behind.length)) {
    start = Math.min(start, piece.start)
    end = Math.max(end, piece.end)
  }
  return [...before, { start, end }, ...behind]
}
