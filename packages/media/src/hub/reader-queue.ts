/** What happens to an item when the queue is past its bound. */
export type QueuedItem = {
  readonly bytes: Uint8Array
  /** Reading can start here: a key frame, or a header that a key frame follows. */
  readonly randomAccess: boolean
  /** Never dropped: protocol answers and codec headers. */
  readonly essential: boolean
  readonly queuedMs: number
}

export type ReaderQueueLimits = {
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** A reader that dropped for this long without catching up is to be closed. */
  readonly stuckMs: number
}

export const DEFAULT_READER_QUEUE_LIMITS: ReaderQueueLimits = { maxBytes: 8 * 1024 * 1024, maxAgeMs: 5000, stuckMs: 20_000 }

/**
 * What a TCP reader has not taken yet. Holds references to bytes that all readers share. Past its bound in bytes or age it forgets
 * all but the essential items and drops until the next random-access item.
 */
export class ReaderQueue {
  readonly #limits: ReaderQueueLimits
  #items: QueuedItem[] = []
  #head = 0
  #bytes = 0
  #dropping = false
  /** When the present trouble began: the first drop after the queue was last empty. */
  #troubleMs: number | undefined
  /** Items dropped since the start. */
  dropped = 0
  droppedBytes = 0

  constructor(limits: ReaderQueueLimits = DEFAULT_READER_QUEUE_LIMITS) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  /** Whether items are being dropped until the next random-access item. */
  get dropping(): boolean {
    return this.#dropping
  }

  push(bytes: Uint8Array, randomAccess: boolean, nowMs: number): void {
    const oldest = this.#items[this.#head]
    if (oldest && (this.#bytes + bytes.length > this.#limits.maxBytes || nowMs - oldest.queuedMs > this.#limits.maxAgeMs)) this.#overflow(nowMs)
    if (this.#dropping) {
      if (!randomAccess) {
        this.#countDrop(bytes)
        return
      }
      this.#dropping = false
    }
    this.#append({ bytes, randomAccess, essential: false, queuedMs: nowMs })
  }

  /** For what must not be lost: it is queued even past the bound, so it must be rare and small. */
  pushEssential(bytes: Uint8Array, nowMs: number): void {
    this.#append({ bytes, randomAccess: false, essential: true, queuedMs: nowMs })
  }

  /** Takes items from the front until `maxBytes` are reached; at least one, if there is any. */
  take(maxBytes: number): Uint8Array[] {
    const taken: Uint8Array[] = []
    let bytes = 0
    while (this.#head < this.#items.length && (taken.length === 0 || bytes < maxBytes)) {
      const item = this.#items[this.#head++] as QueuedItem
      taken.push(item.bytes)
      bytes += item.bytes.length
    }
    this.#bytes -= bytes
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
      if (!this.#dropping) this.#troubleMs = undefined
    } else if (this.#head > 1024) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return taken
  }

  /** Whether the reader has been too slow for so long that it should be closed. */
  isStuck(nowMs: number): boolean {
    return this.#troubleMs !== undefined && nowMs - this.#troubleMs > this.#limits.stuckMs
  }

  #append(item: QueuedItem): void {
    this.#items.push(item)
    this.#bytes += item.bytes.length
  }

  #overflow(nowMs: number): void {
    this.#troubleMs ??= nowMs
    this.#dropping = true
    const kept: QueuedItem[] = []
    this.#bytes = 0
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i] as QueuedItem
      if (item.essential) {
        kept.push(item)
        this.#bytes += item.bytes.length
      } else this.#countDrop(item.bytes)
    }
    this.#items = kept
    this.#head = 0
  }

  #countDrop(bytes: Uint8Array): void {
    this.dropped++
    this.droppedBytes += bytes.length
  }
}
