import type { Socket } from 'node:net'
import { DEFAULT_READER_QUEUE_LIMITS, ReaderQueue, type ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import { monotonicMs } from './clock.ts'

/** Bytes handed to the socket at most before it has drained; what is above waits in the queue, where it can still be dropped. */
const SOCKET_HIGH_WATER = 256 * 1024

/** Writers with something to send, all flushed by one immediate: one for each would cost as much as the writing. */
let due: TcpWriter[] = []

const flushDue = (): void => {
  const writers = due
  due = []
  for (let i = 0; i < writers.length; i++) (writers[i] as TcpWriter).flush()
}

/**
 * Writes to a TCP reader from a bounded queue. All that is due within one turn of the event loop goes out in one `writev`.
 */
export class TcpWriter {
  readonly queue: ReaderQueue
  bytesOut = 0
  readonly #socket: Socket
  #isDue = false
  #ending = false

  constructor(socket: Socket, limits: ReaderQueueLimits = DEFAULT_READER_QUEUE_LIMITS) {
    this.#socket = socket
    this.queue = new ReaderQueue(limits)
    socket.on('drain', () => this.flush())
  }

  /** What came on the socket that is written to. */
  get bytesIn(): number {
    return this.#socket.bytesRead
  }

  /** Media, which may be dropped when the reader is slow. */
  write(bytes: Uint8Array, randomAccess: boolean): void {
    this.queue.push(bytes, randomAccess, monotonicMs())
    this.#schedule()
  }

  /** Answers and headers, which are never dropped. */
  writeEssential(bytes: Uint8Array): void {
    this.queue.pushEssential(bytes, monotonicMs())
    this.#schedule()
  }

  /** Closes the socket after what is queued is written. */
  end(): void {
    this.#ending = true
    this.#schedule()
  }

  /** Hands what is queued to the socket, as far as it has room. Happens by itself at the end of the turn. */
  flush(): void {
    this.#isDue = false
    const socket = this.#socket
    if (socket.destroyed || !socket.writable) return
    const room = SOCKET_HIGH_WATER - socket.writableLength
    if (this.queue.length > 0 && room > 0) {
      const items = this.queue.take(room)
      const several = items.length > 1
      if (several) socket.cork()
      for (let i = 0; i < items.length; i++) {
        const bytes = items[i] as Uint8Array
        this.bytesOut += bytes.length
        socket.write(bytes)
      }
      if (several) socket.uncork()
    }
    if (this.#ending && this.queue.length === 0) socket.end()
    // Above the socket's own high-water mark 'drain' calls again; below it there is room now.
    else if (this.queue.length > 0 && !socket.writableNeedDrain) this.#schedule()
  }

  #schedule(): void {
    if (this.#isDue) return
    this.#isDue = true
    due.push(this)
    if (due.length === 1) setImmediate(flushDue)
  }
}
