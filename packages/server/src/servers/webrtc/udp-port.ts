import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type DatagramOut, type Destination, MAX_DATAGRAM_BYTES } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import { SRTP_HEADROOM } from '@millrace/media/protocols/srtp/srtp-sender.ts'
import { makeWordMemory, type WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import { ListenError } from '../../net/listen-error.ts'

const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024
/** Packets are written one behind the other into such a piece of memory. */
const SLAB_BYTES = 64 * 1024
const SLOT_BYTES = SRTP_HEADROOM + MAX_DATAGRAM_BYTES
/** What may wait in the process when the kernel takes no more; past it packets are dropped, as a network would. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

/** The one UDP port of all WebRTC peers. What goes to a peer with a connection is handed to that, so senders need not know of it. */
export class UdpPort implements DatagramOut {
  memory: WordMemory = makeWordMemory(SLAB_BYTES)
  /** Datagrams not sent because the kernel was too slow for too long. */
  dropped = 0
  readonly #socket: Socket
  #next = SRTP_HEADROOM
  #full = false

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /**
   * @param port 0 for any
   * @throws ListenError
   */
  static async open(host: string, port: number): Promise<UdpPort> {
    const type = isIPv6(host) ? 'udp6' : 'udp4'
    // Destinations are addresses already: looking them up would cost a turn of the event loop for each datagram.
    const socket = createSocket({ type, lookup: (address, _options, callback) => callback(null, address, type === 'udp6' ? 6 : 4) })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(new ListenError(error, 'WebRTC', 'UDP', port, 'webrtc.icePort')))
      socket.bind(port, host, resolve)
    })
    socket.removeAllListeners('error')
    // An unreachable peer is found by its silence; the socket itself goes on.
    socket.on('error', () => undefined)
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES)
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES)
    return new UdpPort(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  onDatagram(listener: (datagram: Buffer, from: RemoteInfo) => void): void {
    this.#socket.on('message', listener)
  }

  reserve(): number {
    if (this.#next + SLOT_BYTES > SLAB_BYTES) {
      // What the kernel has taken is free again; what still waits keeps its memory.
      if (this.#socket.getSendQueueCount() > 0) this.memory = makeWordMemory(SLAB_BYTES)
      this.#full = this.#socket.getSendQueueSize() > MAX_WAITING_BYTES
      this.#next = SRTP_HEADROOM
    }
    return this.#next
  }

  sendReserved(at: number, length: number, to: Destination): void {
    if (to.connection) {
      // It copies the packet, so the place is free again.
      to.connection.send(this.memory.bytes.subarray(at, at + length))
      return
    }
    this.#next = ((at + length + 3) & ~3) + SRTP_HEADROOM
    if (this.#full) this.dropped++
    else this.#socket.send(this.memory.bytes.subarray(at, at + length), to.port, to.address)
  }

  send(bytes: Uint8Array, to: Destination): void {
    if (to.connection) to.connection.send(bytes)
    else this.#socket.send(bytes, to.port, to.address)
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve))
  }
}
