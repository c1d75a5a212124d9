import type { Socket } from 'node:net'
import type { DatagramConnection } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { FRAME_HEADER_BYTES, FrameReader, writeFrame } from '@millrace/media/protocols/ice/tcp-framing.ts'

/** A connection that brought no valid check by then is closed. */
export const FIRST_CHECK_TIMEOUT_MS = 10_000
/** How long a peer may take to read the last packets. */
const END_TIMEOUT_MS = 2000

/**
 * What waits in the process when pictures are held back; sound still goes out above it. The kernel holds more than that, and takes it in large
 * pieces, so all that waits here is old already.
 */
const SLOW_BYTES = 64 * 1024
/** A slow connection is not slow any more when so little waits. */
const CAUGHT_UP_BYTES = 32 * 1024
/** What waits at most: everything is dropped above it. */
const MAX_WAITING_BYTES = 512 * 1024

export type TcpConnectionHandlers = {
  packet(connection: TcpConnection, packet: Buffer): void
  /** The peer broke the framing. */
  fault(error: ProtocolError): void
  closed(connection: TcpConnection): void
}

/** One TCP connection of a WebRTC peer, RFC 6544: datagrams both ways, framed by RFC 4571. */
export class TcpConnection implements DatagramConnection {
  /** Where packets of this peer are sent: as for UDP, but with the connection in it. */
  readonly destination: { readonly address: string; readonly port: number; readonly connection: DatagramConnection }
  /** Packets that were dropped since the peer did not read them. */
  dropped = 0
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #firstCheck: NodeJS.Timeout
  #slow = false
  #corked = false

  constructor(socket: Socket, handlers: TcpConnectionHandlers) {
    this.#socket = socket
    this.destination = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, connection: this }
    this.#firstCheck = setTimeout(() => socket.destroy(), FIRST_CHECK_TIMEOUT_MS)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk, handlers))
    // What is wrong with a connection is that it is over; the peer tries another way.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(this.#firstCheck)
      handlers.closed(this)
    })
  }

  /** What the kernel has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  get isSlow(): boolean {
    this.#slow = this.waitingBytes > (this.#slow ? CAUGHT_UP_BYTES : SLOW_BYTES)
    return this.#slow
  }

  /** A valid check came: it may stay. */
  confirm(): void {
    clearTimeout(this.#firstCheck)
  }

  send(bytes: Uint8Array): void {
    const socket = this.#socket
    if (!socket.writable) return
    if (this.waitingBytes > MAX_WAITING_BYTES) {
      this.dropped++
      return
    }
    // What is sent within one turn of the event loop goes out in one piece.
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      setImmediate(this.#uncork)
    }
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bytes.length)
    writeFrame(frame, 0, bytes)
    socket.write(frame)
  }

  /** Closes it after what was sent. */
  end(): void {
    const socket = this.#socket
    if (socket.destroyed) return
    socket.setTimeout(END_TIMEOUT_MS, () => socket.destroy())
    socket.end(() => socket.destroy())
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#socket.uncork()
  }

  #receive(chunk: Buffer, handlers: TcpConnectionHandlers): void {
    try {
      this.#reader.push(chunk, (packet) => {
        // Whoever takes it may keep it.
        handlers.packet(this, Buffer.from(packet))
        return !this.#socket.destroyed
      })
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      handlers.fault(error)
      this.#socket.destroy()
    }
  }
}
