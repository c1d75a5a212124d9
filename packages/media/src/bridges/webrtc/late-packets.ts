import type { SendHistory } from '../../protocols/congestion/send-history.ts'

/** Packets whose count is known, a power of two. */
const MEMORY = 512
/** By then feedback has told whether a packet came that was asked for, in milliseconds. */
const KNOWN_MS = 200
/** Packets that are looked after at the same time. */
const MAX_ASKED = 64
/** Of the packets that are asked for, the share that comes by itself from which on it is waited for, 0 to 1; and the weight of each one. */
const MOSTLY = 0.9
const WEIGHT = 1 / 16
/** How long a packet that was asked for may be late before it is sent again, in milliseconds: until the feedback that tells of it. */
const MAX_WAIT_MS = 80

type Asked = { readonly index: number; readonly count: number; readonly atMs: number }

/**
 * On a path that changes the order of packets a viewer asks for those that are only late. Where nearly all of them came by themselves, as
 * the feedback about each packet tells, the next ones are waited for; where packets are really lost they are sent again at once.
 */
export class LatePackets {
  readonly #history: SendHistory
  readonly #index = new Float64Array(MEMORY).fill(-1)
  readonly #count = new Float64Array(MEMORY)
  readonly #asked: Asked[] = []
  readonly #held = new Map<number, Asked>()
  #share = 0

  constructor(history: SendHistory) {
    this.#history = history
  }

  /** A packet went out for the first time. @param count transport-wide */
  sent(index: number, count: number): void {
    this.#index[index & (MEMORY - 1)] = index
    this.#count[index & (MEMORY - 1)] = count
  }

  get isHolding(): boolean {
    return this.#held.size > 0
  }

  /**
   * A packet is asked for.
   * @returns whether it is to be waited for: `due` names it when it has to be sent
   */
  holds(nowMs: number, index: number): boolean {
    this.#learn(nowMs)
    // Asked for again: it is lost.
    if (this.#held.delete(index)) return false
    const slot = index & (MEMORY - 1)
    if (this.#index[slot] !== index || this.#asked.length === MAX_ASKED || this.#asked.some((asked) => asked.index === index)) return false
    const asked = { index, count: this.#count[slot] as number, atMs: nowMs }
    if (this.#came(asked)) return this.#share > MOSTLY
    this.#asked.push(asked)
    if (this.#share <= MOSTLY) return false
    this.#held.set(index, asked)
    return true
  }

  /** What has to be sent after all. */
  due(nowMs: number): number[] {
    const indexes: number[] = []
    for (const [index, asked] of this.#held) {
      const came = this.#came(asked)
      if (!came && nowMs - asked.atMs < MAX_WAIT_MS) continue
      this.#held.delete(index)
      if (!came) indexes.push(index)
    }
    return indexes
  }

  #learn(nowMs: number): void {
    for (let first = this.#asked[0]; first && nowMs - first.atMs >= KNOWN_MS; first = this.#asked[0]) {
      this.#share += ((this.#came(first) ? 1 : 0) - this.#share) * WEIGHT
      this.#asked.shift()
    }
  }

  /** Feedback told that the packet itself came, not its repetition. */
  #came({ count }: Asked): boolean {
    return this.#history.find(count & 0xffff) === undefined
  }
}
