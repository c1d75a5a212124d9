import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type DatagramOut, type Destination, MAX_DATAGRAM_BYTES } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import { SRTP_HEADROOM } from '@millrace/media/protocols/srtp/srtp-sender.ts'
import { makeWordMemory, type WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import type { TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import { nativeCalls } from '../../native/native-calls.ts'
import type { UdpSender } from '../../native/udp-sender.ts'
import { ListenError } from '../../net/listen-error.ts'

const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024
/** Packets are written one behind the other into such a piece of memory. */
const SLAB_BYTES = 64 * 1024
const SLOT_BYTES = SRTP_HEADROOM + MAX_DATAGRAM_BYTES
/** What may wait in the process when the kernel takes no more; past it packets are dropped, as a network would. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

/**
 * The one UDP port of all WebRTC peers. Packets that are written to `memory` leave at the end of the turn, natively where that is possible,
 * or at once by Node.js. What goes to a peer with a connection is handed to that, so senders need not know of it. */
export class UdpPort implements DatagramOut {
  /** Datagrams not sent because the kernel was too slow for too long. */
  dropped = 0
  readonly #socket: Socket
  readonly #sender: UdpSender | undefined
  #slab: WordMemory | undefined
  #next = SRTP_HEADROOM
  /** More waits in the process than there should. */
  #full = false
  /** The kernel did not take all: what follows waits behind it. */
  #isBehind = false
  #isFlushDue = false

  private constructor(socket: Socket, family: 4 | 6, fd: number | undefined) {
    this.#socket = socket
    const options = {
      family,
      headroom: SRTP_HEADROOM,
      maxPacketBytes: MAX_DATAGRAM_BYTES,
      sendOtherwise: (packet: Uint8Array, to: TransportAddress) => this.#sendLater(packet, to),
    }
    if (fd !== undefined) this.#sender = nativeCalls().sending?.makeUdpSender({ fd, ...options })
    if (!this.#sender) this.#slab = makeWordMemory(SLAB_BYTES)
  }

  /**
   * @param port 0 for any
   * @throws ListenError
   */
  static async open(host: string, port: number): Promise<UdpPort> {
    const family = isIPv6(host) ? 6 : 4
    const type = family === 6 ? 'udp6' : 'udp4'
    // Destinations are addresses already: looking them up would cost a turn of the event loop for each datagram.
    const socket = createSocket({ type, lookup: (address, _options, callback) => callback(null, address, family) })
    // Where it cannot be had Node.js tries too, and says why.
    const fd = nativeCalls().sending?.openUdp(host, port)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(new ListenError(error, 'WebRTC', 'UDP', port, 'webrtc.icePort')))
      if (fd === undefined) socket.bind(port, host, resolve)
      else socket.bind({ fd }, resolve)
    })
    socket.removeAllListeners('error')
    // An unreachable peer is found by its silence; the socket itself goes on.
    socket.on('error', () => undefined)
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES)
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES)
    return new UdpPort(socket, family, fd)
  }

  get port(): number {
    return this.#socket.address().port
  }

  get memory(): WordMemory {
    return this.#sender ? this.#sender.memory : (this.#slab ??= makeWordMemory(SLAB_BYTES))
  }

  onDatagram(listener: (datagram: Buffer, from: RemoteInfo) => void): void {
    this.#socket.on('message', (datagram, from) => {
      // Nobody can be answered at port 0, which a forged datagram may come from: Node.js throws where it is sent to.
      if (from.port > 0) listener(datagram, from)
    })
  }

  reserve(): number {
    if (this.#sender) return this.#sender.reserve()
    if (this.#next + SLOT_BYTES > SLAB_BYTES) {
      // What the kernel has taken is free again; what still waits keeps its memory.
      if (this.#socket.getSendQueueCount() > 0) this.#slab = makeWordMemory(SLAB_BYTES)
      this.#full = this.#socket.getSendQueueSize() > MAX_WAITING_BYTES
      this.#next = SRTP_HEADROOM
    }
    return this.#next
  }

  sendReserved(at: number, length: number, to: Destination): void {
    // A connection copies the packet, so the place is free again.
    if (to.connection) to.connection.send(this.memory.bytes.subarray(at, at + length))
    else if (this.#sender) this.#gather(this.#sender, at, length, to)
    else {
      this.#next = ((at + length + 3) & ~3) + SRTP_HEADROOM
      if (this.#full) this.dropped++
      else this.#socket.send(this.memory.bytes.subarray(at, at + length), to.port, to.address)
    }
  }

  send(bytes: Uint8Array, to: Destination): void {
    if (to.connection) to.connection.send(bytes)
    else this.#socket.send(bytes, to.port, to.address)
  }

  close(): Promise<void> {
    this.#sender?.close()
    return new Promise((resolve) => this.#socket.close(resolve))
  }

  #gather(sender: UdpSender, at: number, length: number, to: Destination): void {
    if (this.#isBehind) this.#sendLater(sender.memory.bytes.subarray(at, at + length), to)
    // An address with an interface in it: Node.js knows its number.
    else if (!sender.add(length, to)) this.#socket.send(new Uint8Array(sender.memory.bytes.subarray(at, at + length)), to.port, to.address)
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true
      process.nextTick(this.#flush)
    }
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false
    this.#sender?.flush()
  }

  /** By Node.js, which waits until the kernel takes more. */
  #sendLater(packet: Uint8Array, to: TransportAddress): void {
    this.#isBehind = true
    if (this.#socket.getSendQueueSize() > MAX_WAITING_BYTES) this.dropped++
    else this.#socket.send(new Uint8Array(packet), to.port, to.address, this.#sent)
  }

  readonly #sent = (): void => {
    this.#isBehind = this.#socket.getSendQueueCount() > 0
  }
}
