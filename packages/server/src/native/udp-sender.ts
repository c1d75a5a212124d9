import { makeWordMemory, type WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import { parseIpAddress, type TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import { FixedMemory } from './addresses.ts'
import type { Address, Foreign } from './foreign.ts'
import { EAGAIN, EINTR, ENOBUFS, type Sockets } from './sockets.ts'

/** Packets that are gathered for one call. */
export const MAX_GATHERED = 64
/** Packets of one size, one behind the other, that the kernel takes as one and cuts itself: no more than leave at once anyway. */
const MAX_SEGMENTS = 10

/** struct mmsghdr of <sys/socket.h>, 64 bits, in 32-bit words: the upper halves of lengths stay zero. */
const MESSAGE_WORDS = 16
const NAME_LENGTH = 2
const VECTOR = 4
const VECTOR_COUNT = 6
const CONTROL_LENGTH = 10
const MESSAGE_BYTES = 4 * MESSAGE_WORDS
/** struct iovec. */
const VECTOR_BYTES = 16
const VECTOR_WORDS = 4
const VECTOR_LENGTH = 2
/** Room for a sockaddr_in6. */
const NAME_BYTES = 32
/** A control message with 16 bits in it: struct cmsghdr, and padding. */
const CONTROL_BYTES = 24
const CONTROL_USED = 18
const IPPROTO_UDP = 17
const UDP_SEGMENT = 103

/** A destination as the kernel takes it. */
type SocketName = { readonly words: Uint32Array; readonly byteLength: number; segmentable: boolean }

export type UdpSenderOptions = {
  readonly fd: number
  readonly family: 4 | 6
  /** Bytes before a packet that stay free. */
  readonly headroom: number
  readonly maxPacketBytes: number
  /** Takes a packet that the kernel does not take now, or does not take so; copies it. */
  sendOtherwise(packet: Uint8Array, to: TransportAddress): void
}

/** Gathers packets in its own memory and gives them to the kernel in one call. */
export class UdpSender {
  readonly memory: WordMemory
  readonly #options: UdpSenderOptions
  readonly #sockets: Pick<Sockets, 'sendmmsg' | 'errno'>
  readonly #stride: number
  readonly #messages: FixedMemory
  readonly #messageWords: Uint32Array
  readonly #vectors: FixedMemory
  readonly #vectorWords: Uint32Array
  readonly #vectorAddresses: BigUint64Array
  readonly #nameWords: Uint32Array
  /** What the messages point at. */
  readonly #names: FixedMemory
  readonly #controls: FixedMemory
  /** Of each message that is gathered. */
  readonly #destinations: TransportAddress[] = []
  readonly #firstPackets = new Uint8Array(MAX_GATHERED)
  readonly #known = new WeakMap<TransportAddress, SocketName>()
  #packets = 0
  /** Of the last message. */
  #segmentBytes = 0
  #segments = 0
  #isOpen = true

  constructor(foreign: Foreign, sockets: Pick<Sockets, 'sendmmsg' | 'errno'>, options: UdpSenderOptions) {
    this.#sockets = sockets
    this.#options = options
    this.#stride = (options.headroom + options.maxPacketBytes + 3) & ~3
    this.memory = makeWordMemory(MAX_GATHERED * this.#stride)
    const packets = foreign.getRawPointer(this.memory.bytes)
    this.#messages = new FixedMemory(foreign, MAX_GATHERED * MESSAGE_BYTES)
    this.#vectors = new FixedMemory(foreign, MAX_GATHERED * VECTOR_BYTES)
    this.#names = new FixedMemory(foreign, MAX_GATHERED * NAME_BYTES)
    this.#controls = new FixedMemory(foreign, MAX_GATHERED * CONTROL_BYTES)
    this.#messageWords = new Uint32Array(this.#messages.bytes.buffer)
    this.#vectorAddresses = new BigUint64Array(this.#messages.bytes.buffer)
    this.#vectorWords = new Uint32Array(this.#vectors.bytes.buffer)
    this.#nameWords = new Uint32Array(this.#names.bytes.buffer)
    for (let i = 0; i < MAX_GATHERED; i++) this.#lay(i, packets)
  }

  /** The place of the next packet, with the headroom before it. */
  reserve(): number {
    if (this.#packets === MAX_GATHERED) this.flush()
    return this.#packets * this.#stride + this.#options.headroom
  }

  /**
   * Takes the packet at the place that `reserve` gave.
   * @returns false if this destination cannot be sent to in this way
   */
  add(length: number, to: TransportAddress): boolean {
    const packet = this.#packets
    if (!(length > 0 && length <= this.#options.maxPacketBytes)) throw new RangeError(`a packet of ${length} bytes`)
    const last = this.#destinations.length - 1
    if (last >= 0 && this.#destinations[last] === to && this.#extend(last, length)) {
      this.#vectorWords[packet * VECTOR_WORDS + VECTOR_LENGTH] = length
      this.#packets = packet + 1
      return true
    }
    const name = this.#known.get(to) ?? this.#learn(to)
    if (!name) return false
    this.#vectorWords[packet * VECTOR_WORDS + VECTOR_LENGTH] = length
    this.#packets = packet + 1
    this.#begin(last + 1, packet, name, to)
    this.#segmentBytes = length
    this.#segments = name.segmentable ? 1 : MAX_SEGMENTS
    return true
  }

  /** Hands over what was gathered. */
  flush(): void {
    const count = this.#destinations.length
    let next = 0
    while (next < count && this.#isOpen) {
      const sent = this.#sockets.sendmmsg(this.#options.fd, this.#messages.address + BigInt(next * MESSAGE_BYTES), count - next)
      if (sent > 0) next += sent
      else {
        const errno = this.#sockets.errno()
        if (errno === EINTR) continue
        // A full queue empties by and by: Node.js waits for it.
        const isFull = errno === EAGAIN || errno === ENOBUFS
        const until = isFull ? count : next + 1
        for (; next < until; next++) this.#sendOtherwise(next, isFull)
      }
    }
    this.#packets = 0
    this.#destinations.length = 0
  }

  /** Before the socket is closed: its number may be another file's then. */
  close(): void {
    this.flush()
    this.#isOpen = false
  }

  /** What of the structures is always the same. */
  #lay(i: number, packets: Address): void {
    const message = BigInt(i)
    const { view } = this.#messages
    const at = i * MESSAGE_BYTES
    view.setBigUint64(at, this.#names.address + message * BigInt(NAME_BYTES), true)
    view.setBigUint64(at + 32, this.#controls.address + message * BigInt(CONTROL_BYTES), true)
    this.#vectors.view.setBigUint64(i * VECTOR_BYTES, packets + BigInt(i * this.#stride + this.#options.headroom), true)
    const control = i * CONTROL_BYTES
    const { view: controls } = this.#controls
    controls.setBigUint64(control, BigInt(CONTROL_USED), true)
    controls.setInt32(control + 8, IPPROTO_UDP, true)
    controls.setInt32(control + 12, UDP_SEGMENT, true)
  }

  /** @returns whether the packet goes into the last message, of which all packets have one size, but for a shorter one at the end */
  #extend(message: number, length: number): boolean {
    if (this.#segments >= MAX_SEGMENTS || length > this.#segmentBytes) return false
    this.#segments = length < this.#segmentBytes ? MAX_SEGMENTS : this.#segments + 1
    const words = this.#messageWords
    const at = message * MESSAGE_WORDS
    words[at + VECTOR_COUNT] = (words[at + VECTOR_COUNT] as number) + 1
    words[at + CONTROL_LENGTH] = CONTROL_BYTES
    this.#controls.view.setUint16(message * CONTROL_BYTES + 16, this.#segmentBytes, true)
    return true
  }

  #begin(message: number, packet: number, name: SocketName, to: TransportAddress): void {
    const words = this.#messageWords
    const at = message * MESSAGE_WORDS
    words[at + NAME_LENGTH] = name.byteLength
    this.#vectorAddresses[(at + VECTOR) >> 1] = this.#vectors.address + BigInt(packet * VECTOR_BYTES)
    words[at + VECTOR_COUNT] = 1
    words[at + CONTROL_LENGTH] = 0
    this.#nameWords.set(name.words, (message * NAME_BYTES) >> 2)
    this.#destinations.push(to)
    this.#firstPackets[message] = packet
  }

  /** @param isFull otherwise the kernel does not take this message at all */
  #sendOtherwise(message: number, isFull: boolean): void {
    const to = this.#destinations[message] as TransportAddress
    const count = this.#messageWords[message * MESSAGE_WORDS + VECTOR_COUNT] as number
    const first = this.#firstPackets[message] as number
    if (!isFull) {
      // A single packet that nobody can be sent is lost, as on the way; several may be too much for the device or the path.
      if (count === 1) return
      const name = this.#known.get(to)
      if (name) name.segmentable = false
    }
    for (let packet = first; packet < first + count; packet++) {
      const at = packet * this.#stride + this.#options.headroom
      this.#options.sendOtherwise(this.memory.bytes.subarray(at, at + (this.#vectorWords[packet * VECTOR_WORDS + VECTOR_LENGTH] as number)), to)
    }
  }

  #learn(to: TransportAddress): SocketName | undefined {
    const bytes = encodeSocketName(to, this.#options.family)
    if (!bytes) return undefined
    const name = { words: new Uint32Array(bytes.buffer), byteLength: bytes.length, segmentable: true }
    this.#known.set(to, name)
    return name
  }
}

const AF_INET = 2
const AF_INET6 = 10

/**
 * struct sockaddr_in or sockaddr_in6 of <netinet/in.h>.
 * @param family of the socket
 * @returns undefined for an address that needs an interface, and for what is none
 */
export const encodeSocketName = ({ address, port }: TransportAddress, family: 4 | 6): Uint8Array | undefined => {
  const ip = address.includes('%') ? undefined : parseIpAddress(address)
  if (!ip || (family === 4 && ip.length !== 4)) return undefined
  const bytes = new Uint8Array(family === 4 ? 16 : 28)
  bytes[0] = family === 4 ? AF_INET : AF_INET6
  bytes[2] = port >>> 8
  bytes[3] = port
  if (family === 4) bytes.set(ip, 4)
  else if (ip.length === 16) bytes.set(ip, 8)
  else {
    bytes.fill(0xff, 18, 20)
    bytes.set(ip, 20)
  }
  return bytes
}
