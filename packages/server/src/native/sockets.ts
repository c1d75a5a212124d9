import { FixedMemory } from './addresses.ts'
import type { Address, Foreign, Library } from './foreign.ts'

/** Of <errno.h>, the same on all machines that we call natively on. */
export const EINTR = 4
export const EAGAIN = 11
export const ENOBUFS = 105

/** Of <sys/socket.h>. */
const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

/** In the memory for arguments: behind what a name, or a datagram of the self-test, takes. */
const NAME_LENGTH_AT = 48

const P = 'pointer'
const I = 'i32'

const bind = (library: Library) => ({
  socket: library.getFunction('socket', { arguments: [I, I, I], return: I }),
  setOption: library.getFunction('setsockopt', { arguments: [I, I, I, P, 'u32'], return: I }),
  bind: library.getFunction('bind', { arguments: [I, P, 'u32'], return: I }),
  close: library.getFunction('close', { arguments: [I], return: I }),
  getName: library.getFunction('getsockname', { arguments: [I, P, P], return: I }),
  recv: library.getFunction('recv', { arguments: [I, P, 'u64', I], return: 'i64' }),
  sendmmsg: library.getFunction('sendmmsg', { arguments: [I, P, 'u32', I], return: I }),
  errnoPlace: library.getFunction('__errno_location', { arguments: [], return: P }),
})

/** The C library's sockets. */
export class Sockets {
  readonly #foreign: Foreign
  readonly #functions: ReturnType<typeof bind>
  readonly #memory: FixedMemory
  readonly #errno: Address

  /** @throws if a function is missing */
  constructor(foreign: Foreign, library: Library) {
    this.#foreign = foreign
    this.#functions = bind(library)
    this.#memory = new FixedMemory(foreign, NAME_LENGTH_AT + 4)
    // A place of its own for each thread; we stay on ours.
    this.#errno = this.#functions.errnoPlace()
  }

  /** Why the call before failed. */
  errno(): number {
    return this.#foreign.getInt32(this.#errno)
  }

  /**
   * A UDP socket, for IPv6 one that takes IPv4 too, as Node.js makes it.
   * @param name of the address, `encodeSocketName`
   * @returns undefined if the address cannot be had
   */
  openUdp(family: 4 | 6, name: Uint8Array): number | undefined {
    const functions = this.#functions
    const memory = this.#memory
    const fd = functions.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if (fd < 0) return undefined
    memory.view.setInt32(0, 0, true)
    if (family === 6) functions.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, memory.address, 4)
    memory.bytes.set(name)
    if (functions.bind(fd, memory.address, name.length) === 0) return fd
    functions.close(fd)
    return undefined
  }

  /** Port that the system chose. */
  portOf(fd: number): number {
    const { view, address } = this.#memory
    view.setUint32(NAME_LENGTH_AT, NAME_LENGTH_AT, true)
    if (this.#functions.getName(fd, address, address + BigInt(NAME_LENGTH_AT)) !== 0) throw new Error('a socket has no name')
    return view.getUint16(2)
  }

  /** @returns the next datagram that is there, at most 48 bytes of it */
  receive(fd: number): Uint8Array | undefined {
    const { bytes, address } = this.#memory
    const length = Number(this.#functions.recv(fd, address, BigInt(NAME_LENGTH_AT), MSG_DONTWAIT))
    return length < 0 ? undefined : new Uint8Array(bytes.subarray(0, length))
  }

  closeUdp(fd: number): void {
    this.#functions.close(fd)
  }

  /** @param messages `count` structures, which `UdpSender` owns */
  sendmmsg(fd: number, messages: Address, count: number): number {
    return this.#functions.sendmmsg(fd, messages, count, MSG_DONTWAIT)
  }
}
