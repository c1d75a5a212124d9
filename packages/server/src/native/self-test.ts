import { createCipheriv, createHmac } from 'node:crypto'
import { makeWordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import type { Foreign } from './foreign.ts'
import type { NativeCrypto } from './native-calls.ts'
import type { Sockets } from './sockets.ts'
import { encodeSocketName, UdpSender } from './udp-sender.ts'

const HEADROOM = 64
const CLEAR = Uint8Array.from({ length: 12 }, (_, i) => i)
const SECRET = Uint8Array.from({ length: 333 }, (_, i) => i * 7)

/**
 * Compares one packet of each kind with what `node:crypto` makes of it.
 * @throws if they differ
 */
export const testCrypto = (crypto: NativeCrypto): void => {
  const secret = makeWordMemory(SECRET.length)
  secret.bytes.set(SECRET)
  const out = makeWordMemory(512)
  for (const byteLength of [16, 32] as const) {
    const key = new Uint8Array(byteLength).fill(9)
    const nonce = new Uint8Array(12).fill(5)
    const cipher = createCipheriv(byteLength === 32 ? 'aes-256-gcm' : 'aes-128-gcm', key, nonce).setAAD(CLEAR)
    const expected = Buffer.concat([CLEAR, cipher.update(SECRET), cipher.final(), cipher.getAuthTag()])
    const gcm = crypto.aesGcm(key)
    out.bytes.set(CLEAR, HEADROOM)
    gcm.sealPacket(nonce, out, HEADROOM, CLEAR.length, secret, SECRET.length)
    expectEqual(out.bytes.subarray(HEADROOM, HEADROOM + expected.length), expected, 'AES-GCM')
    expectEqual(gcm.seal(nonce, CLEAR, SECRET), expected.subarray(CLEAR.length), 'AES-GCM')
    const opened = new Uint8Array(SECRET.length)
    if (!gcm.open(nonce, CLEAR, expected.subarray(CLEAR.length), opened, 0)) throw new Error('AES-GCM refuses its own packet')
    expectEqual(opened, SECRET, 'AES-GCM')
    expected[20] = (expected[20] as number) ^ 1
    if (gcm.open(nonce, CLEAR, expected.subarray(CLEAR.length), opened, 0)) throw new Error('AES-GCM opens a forged packet')
  }
  const key = new Uint8Array(16).fill(3)
  const counter = new Uint8Array(16).fill(0xfe)
  crypto.aesCtr(key)(counter, secret, 0, SECRET.length, out, HEADROOM)
  expectEqual(out.bytes.subarray(HEADROOM, HEADROOM + SECRET.length), createCipheriv('aes-128-ctr', key, counter).update(SECRET), 'AES-CTR')
  crypto.hmacSha1(key).sign(secret, 4, SECRET.length, 8, 10)
  expectEqual(secret.bytes.subarray(8, 18), createHmac('sha1', key).update(SECRET.subarray(4)).digest().subarray(0, 10), 'HMAC')
}

/**
 * Sends packets through the loopback, and compares what arrives: the structures are right, and so is what the kernel cuts.
 * @throws if something else arrives, or the machine does not let us
 */
export const testSending = (foreign: Foreign, sockets: Sockets): void => {
  const [from, to] = [openLoopback(sockets), openLoopback(sockets)]
  try {
    const refused: Uint8Array[] = []
    const sender = new UdpSender(foreign, sockets, { fd: from, family: 4, headroom: 4, maxPacketBytes: 48, sendOtherwise: (packet) => refused.push(packet) })
    const destination = { address: '127.0.0.1', port: sockets.portOf(to) }
    // Two that are cut, the second one shorter, and one of another size on its own.
    const packets = [20, 13, 40].map((byteLength, n) => Uint8Array.from({ length: byteLength }, (_, i) => n * 64 + i))
    for (const packet of packets) {
      sender.memory.bytes.set(packet, sender.reserve())
      if (!sender.add(packet.length, destination)) throw new Error('a loopback address is refused')
    }
    sender.close()
    if (refused.length > 0) throw new Error(`the kernel does not take ${refused.length} packets`)
    for (const packet of packets) expectEqual(sockets.receive(to) ?? new Uint8Array(), packet, 'a datagram')
  } finally {
    sockets.closeUdp(from)
    sockets.closeUdp(to)
  }
}

const openLoopback = (sockets: Sockets): number => {
  const name = encodeSocketName({ address: '127.0.0.1', port: 0 }, 4)
  const fd = name && sockets.openUdp(4, name)
  if (fd === undefined) throw new Error('no socket on the loopback')
  return fd
}

const expectEqual = (actual: Uint8Array, expected: Uint8Array, what: string): void => {
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`${what} is not what it should be`)
}
