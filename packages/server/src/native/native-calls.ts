import type { AesCtr, AesGcm, HmacSha1 } from '@millrace/media/protocols/srtp/srtp-crypto.ts'
import { Addresses } from './addresses.ts'
import { type Foreign, type Library, loadForeign, openProcess } from './foreign.ts'
import { NativeCtr, NativeHmac } from './native-counter-mode.ts'
import { nativeGcm } from './native-gcm.ts'
import { OpenSsl } from './openssl.ts'
import { testCrypto, testSending } from './self-test.ts'
import { Sockets } from './sockets.ts'
import { encodeSocketName, UdpSender, type UdpSenderOptions } from './udp-sender.ts'

/** `off` leaves all of it to Node.js: to compare, and should a machine have trouble with it. */
export const NATIVE_VARIABLE = 'MILLRACE_NATIVE'

/** What of SRTP's primitives is called natively. */
export type NativeCrypto = {
  aesGcm(key: Uint8Array): AesGcm
  aesCtr(key: Uint8Array): AesCtr
  hmacSha1(key: Uint8Array): HmacSha1
}

/** Sockets whose packets are given to the kernel many at a time. */
export type NativeSending = {
  /**
   * A UDP socket for Node.js, with a number that we know.
   * @returns undefined if Node.js should open it, and say what is wrong
   */
  openUdp(address: string, port: number): number | undefined
  makeUdpSender(options: UdpSenderOptions): UdpSender
}

/** What this machine and this Node.js allow. */
export type NativeCalls = {
  readonly crypto: NativeCrypto | undefined
  readonly sending: NativeSending | undefined
  /** One line for each that is there, or why it is not. */
  readonly notes: readonly string[]
}

let known: NativeCalls | undefined

/** Finds out once, in some milliseconds. */
export const nativeCalls = (): NativeCalls => (known ??= find())

const find = (): NativeCalls => {
  if (process.env[NATIVE_VARIABLE] === 'off') return { crypto: undefined, sending: undefined, notes: [`no native calls: ${NATIVE_VARIABLE} is off`] }
  const foreign = loadForeign()
  if (!foreign) return { crypto: undefined, sending: undefined, notes: ['no native calls: this Node.js has none on this machine'] }
  const library = openProcess(foreign)
  const notes: string[] = []
  const attempt = <T>(what: string, make: () => T): T | undefined => {
    try {
      const made = make()
      notes.push(`${what}: native`)
      return made
    } catch (error) {
      notes.push(`${what}: by Node.js, as ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  const crypto = attempt('encryption', () => makeCrypto(foreign, library))
  return { crypto, sending: attempt('sending', () => makeSending(foreign, library)), notes }
}

const makeCrypto = (foreign: Foreign, library: Library): NativeCrypto => {
  const openssl = new OpenSsl(foreign, library)
  const addresses = new Addresses(foreign)
  const crypto: NativeCrypto = {
    aesGcm: nativeGcm(openssl, addresses),
    aesCtr: (key) => {
      const ctr = new NativeCtr(key, openssl, addresses)
      return (counter, from, fromAt, byteLength, to, toAt) => ctr.crypt(counter, from, fromAt, byteLength, to, toAt)
    },
    hmacSha1: (key) => new NativeHmac(key, openssl, addresses),
  }
  testCrypto(crypto)
  return crypto
}

const makeSending = (foreign: Foreign, library: Library): NativeSending => {
  const sockets = new Sockets(foreign, library)
  testSending(foreign, sockets)
  return {
    openUdp: (address, port) => {
      const family = address.includes(':') ? 6 : 4
      const name = encodeSocketName({ address, port }, family)
      return name && sockets.openUdp(family, name)
    },
    makeUdpSender: (options) => new UdpSender(foreign, sockets, options),
  }
}
