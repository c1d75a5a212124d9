import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import fc from 'fast-check'
import { loadForeign } from './foreign.ts'
import { nativeCalls } from './native-calls.ts'
import { EAGAIN, EINTR } from './sockets.ts'
import { encodeSocketName, MAX_GATHERED, UdpSender } from './udp-sender.ts'

const HEADROOM = 64
const MAX_PACKET_BYTES = 1472
const EINVAL = 22

const { sending, notes } = nativeCalls()
const foreign = loadForeign()

const write = (sender: UdpSender, packet: Uint8Array, to: TransportAddress): boolean => {
  sender.memory.bytes.set(packet, sender.reserve())
  return sender.add(packet.length, to)
}

const packetOf = (byteLength: number, fill: number): Uint8Array => new Uint8Array(byteLength).fill(fill & 0xff)

test('an address becomes a structure', () => {
  const name = (address: string, family: 4 | 6) => {
    const bytes = encodeSocketName({ address, port: 0x1234 }, family)
    return bytes && Buffer.from(bytes).toString('hex')
  }
  assert.equal(name('192.0.2.1', 4), '02001234c00002010000000000000000')
  assert.equal(name('192.0.2.1', 6), '0a0012340000000000000000000000000000ffffc000020100000000')
  assert.equal(name('::ffff:192.0.2.1', 6), '0a0012340000000000000000000000000000ffffc000020100000000')
  assert.equal(name('2001:db8::1', 6), '0a0012340000000020010db800000000000000000000000100000000')
  for (const address of ['fe80::1%eth0', 'example', '']) assert.equal(name(address, 6), undefined)
  assert.equal(name('2001:db8::1', 4), undefined)
})

describe('sending natively', { skip: sending && foreign ? false : notes.join() }, () => {
  if (!sending || !foreign) return

  for (const { family, host } of [
    { family: 4, host: '127.0.0.1' },
    { family: 6, host: '::' },
  ] as const) {
    test(`packets of any size, to several, arrive whole and in order: IPv${family}`, async () => {
      const receivers = await Promise.all([0, 1, 2].map(() => open('udp4', '127.0.0.1')))
      const fd = sending.openUdp(host, 0)
      assert.ok(fd !== undefined)
      const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
      await new Promise<void>((resolve) => socket.bind({ fd }, resolve))
      const refused: Uint8Array[] = []
      const sender = sending.makeUdpSender({
        fd,
        family,
        headroom: HEADROOM,
        maxPacketBytes: MAX_PACKET_BYTES,
        sendOtherwise: (packet) => refused.push(packet),
      })
      try {
        const destinations = receivers.map((receiver) => ({ address: '127.0.0.1', port: receiver.socket.address().port }))
        // Few sizes, so that runs of one size and with a shorter end come about.
        const size = fc.constantFrom(1, 700, 1188, 1200, 1200, MAX_PACKET_BYTES)
        const runs = fc.array(fc.record({ to: fc.nat(2), sizes: fc.array(size, { minLength: 1, maxLength: 14 }) }), { maxLength: 14 })
        await fc.assert(
          fc.asyncProperty(runs, async (list) => {
            const sent: Uint8Array[][] = [[], [], []]
            let count = 0
            for (const { to, sizes } of list) {
              for (const byteLength of sizes) {
                const packet = packetOf(byteLength, count++)
                assert.ok(write(sender, packet, destinations[to] as TransportAddress))
                sent[to]?.push(packet)
              }
            }
            sender.flush()
            for (const [i, receiver] of receivers.entries()) {
              const expected = sent[i] ?? []
              while (receiver.got.length < expected.length) await once(receiver.socket, 'message', { signal: AbortSignal.timeout(5000) })
              assert.deepEqual(
                receiver.got.splice(0).map((packet) => new Uint8Array(packet)),
                expected,
              )
            }
          }),
          { numRuns: 40 },
        )
        assert.deepEqual(refused, [])
        const came = once(receivers[0]?.socket as Socket, 'message', { signal: AbortSignal.timeout(5000) })
        write(sender, packetOf(10, 1), destinations[0] as TransportAddress)
        sender.flush()
        const [, from] = (await came) as [Buffer, { port: number }]
        assert.equal(from.port, socket.address().port, 'they come from the port that Node.js reads')
      } finally {
        sender.close()
        socket.close()
        for (const receiver of receivers) receiver.socket.close()
      }
    })
  }

  test('an address that is taken is left to Node.js', async () => {
    const { socket } = await open('udp4', '127.0.0.1')
    assert.equal(sending.openUdp('127.0.0.1', socket.address().port), undefined)
    assert.equal(sending.openUdp('example.org', 0), undefined)
    socket.close()
  })

  /** A kernel that answers as it is told: a count of messages, or a negative error. */
  const scripted = (answers: number[]) => {
    const calls: number[] = []
    const otherwise: number[] = []
    let error = 0
    const sockets = {
      sendmmsg: (_fd: number, _messages: bigint, count: number) => {
        calls.push(count)
        const answer = answers.shift() ?? count
        error = -answer
        return answer < 0 ? -1 : Math.min(answer, count)
      },
      errno: () => error,
    }
    const options = { fd: -1, family: 4, headroom: HEADROOM, maxPacketBytes: MAX_PACKET_BYTES } as const
    const sender = new UdpSender(foreign, sockets, { ...options, sendOtherwise: (packet) => otherwise.push(packet[0] ?? -1) })
    return { sender, calls, otherwise }
  }
  const [a, b, c] = [1, 2, 3].map((port) => ({ address: '127.0.0.1', port })) as [TransportAddress, TransportAddress, TransportAddress]

  test('what a full queue does not take is sent otherwise, in its order', () => {
    const { sender, calls, otherwise } = scripted([1, -EAGAIN])
    for (const [i, to] of [a, b, b, c].entries()) write(sender, packetOf(100, i), to)
    sender.flush()
    assert.deepEqual(
      [calls, otherwise],
      [
        [3, 2],
        [1, 2, 3],
      ],
    )
  })

  test('an interrupted call is repeated', () => {
    const { sender, calls, otherwise } = scripted([-EINTR, -EINTR])
    write(sender, packetOf(100, 0), a)
    sender.flush()
    assert.deepEqual([calls, otherwise], [[1, 1, 1], []])
  })

  test('a destination that takes no segments gets single packets from then on, the others as before', () => {
    const { sender, calls, otherwise } = scripted([-EINVAL])
    for (const to of [a, b]) for (let i = 0; i < 3; i++) write(sender, packetOf(100, to.port * 16 + i), to)
    sender.flush()
    assert.deepEqual(
      [calls, otherwise],
      [
        [2, 1],
        [16, 17, 18],
      ],
    )
    for (const to of [a, b]) for (let i = 0; i < 3; i++) write(sender, packetOf(100, i), to)
    sender.flush()
    assert.equal(calls.at(-1), 4)
  })

  test('a single packet that cannot be sent is lost, the others are not', () => {
    const { sender, calls, otherwise } = scripted([1, -EINVAL])
    for (const to of [a, b, c]) write(sender, packetOf(100, to.port), to)
    sender.flush()
    assert.deepEqual([calls, otherwise], [[3, 2, 1], []])
  })

  test('no more than its memory holds is gathered, and nothing is sent after the end', () => {
    const { sender, calls } = scripted([])
    for (let i = 0; i <= MAX_GATHERED; i++) write(sender, packetOf(100, i), i % 2 === 0 ? a : b)
    assert.deepEqual(calls, [MAX_GATHERED])
    sender.close()
    write(sender, packetOf(100, 0), a)
    sender.flush()
    assert.deepEqual(calls, [MAX_GATHERED, 1])
    for (const length of [0, -1, MAX_PACKET_BYTES + 1, Number.NaN]) assert.throws(() => sender.add(length, a), RangeError)
  })
})

const open = async (type: 'udp4', host: string): Promise<{ readonly socket: Socket; readonly got: Buffer[] }> => {
  const socket = createSocket(type)
  const got: Buffer[] = []
  socket.on('message', (packet) => got.push(packet))
  await new Promise<void>((resolve) => socket.bind(0, host, resolve))
  socket.setRecvBufferSize(4 * 1024 * 1024)
  return { socket, got }
}
