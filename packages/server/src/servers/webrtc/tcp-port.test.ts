import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6 } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { negotiate } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { CHROMIUM_OFFER } from '@millrace/media/bridges/webrtc/offers.corpus.ts'
import { decodeRtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { attribute, attributesNamed } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { decodeStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { makeServerContext } from '../../../test/server-context.ts'
import { until } from '../../../test/until.ts'
import { FramedClient, makeCheck } from '../../../test/webrtc/ice-client.ts'
import type { Log } from '../../log/log.ts'
import { ConnectionGuard } from '../../net/connection-guard.ts'
import { FIRST_CHECK_TIMEOUT_MS, type TcpConnection } from './tcp-connection.ts'
import { TcpPort } from './tcp-port.ts'
import { WebRtcTransport } from './webrtc-transport.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const _quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }
const HOST = '127.0.0.1'

describe('WebRTC by TCP', () => {
  const faults: string[] = []
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  let transport: WebRtcTransport
  let stream: Stream

  before(async () => {
    transport = await WebRtcTransport.start(makeServerContext({ hub, countFault: (_protocol, code) => faults.push(code) }), { host: '::', port: 0 })
    stream = hub.publish('live', [h264], 'packets', { protocol: 'test', remote: 'test', close() {} }, 0).stream
  })
  after(() => transport.close())

  const open = () => {
    const offer = decodeRtcOffer(CHROMIUM_OFFER)
    const { conn, answer } = transport.open('live', stream, offer, negotiate(offer, [h264]).accepted, '192.0.2.1:1')
    const [media] = decodeSdp(answer).media
    assert.ok(media)
    const check = (password = attribute(media, 'ice-pwd') ?? '') => makeCheck(`${attribute(media, 'ice-ufrag')}:4ZcD`, password)
    return { conn, media, check }
  }

  test('the answer names the port by UDP and by TCP', () => {
    const candidates = attributesNamed(open().media, 'candidate')
    assert.ok(candidates.some((line) => line.endsWith(` ${transport.port} typ host`)))
    assert.ok(candidates.some((line) => / tcp /.test(line) && line.endsWith(` ${transport.port} typ host tcptype passive`)))
  })

  for (const host of [HOST, '::1']) {
    test(`a port bound to :: answers checks from ${host}, by TCP and UDP`, async () => {
      const { check } = open()
      const client = await FramedClient.connect(transport.port, host)
      client.send(check())
      await until('the answer', () => client.packets.length > 0)
      const address = isIPv6(host) ? '0:0:0:0:0:0:0:1' : host
      assert.deepEqual(decodeStun(client.packets[0] ?? Buffer.of()).xorMappedAddress, { address, port: client.socket.localPort })
      client.socket.destroy()
      const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
      const answered = once(socket, 'message')
      socket.send(check(), transport.port, host)
      const [datagram] = (await answered) as [Buffer]
      assert.deepEqual(decodeStun(datagram).xorMappedAddress, { address, port: socket.address().port })
      socket.close()
    })
  }

  test('a frame in pieces, and several in one', async () => {
    const { check } = open()
    const client = await FramedClient.connect(transport.port, HOST)
    const packet = check()
    const frame = Buffer.concat([Buffer.of(0, packet.length), packet])
    client.socket.setNoDelay(true)
    for (const piece of [frame.subarray(0, 1), frame.subarray(1, 9), frame.subarray(9)]) {
      client.socket.write(piece)
      await new Promise(setImmediate)
    }
    client.socket.write(Buffer.concat([frame, Buffer.of(0, 0), frame]))
    await until('three answers', () => client.packets.length === 3)
    client.socket.destroy()
  })

  test('the end of the session ends its connections', async () => {
    const { conn, check } = open()
    const client = await FramedClient.connect(transport.port, HOST)
    client.send(check())
    await until('the answer', () => client.packets.length > 0)
    assert.equal(conn.link.remote, `[::ffff:${HOST}]:${client.socket.localPort}`)
    const closed = once(client.socket, 'close')
    conn.close('enough')
    await closed
  })

  test('who sends no valid check is closed after 10 s, who did stays', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { check } = open()
    const [good, forged] = [await FramedClient.connect(transport.port, HOST), await FramedClient.connect(transport.port, HOST)]
    good.send(check())
    await once(good.socket, 'data')
    forged.send(check('a password that was guessed'))
    while (!faults.includes('stun/refused')) await new Promise(setImmediate)
    const closed = once(forged.socket, 'close')
    context.mock.timers.tick(FIRST_CHECK_TIMEOUT_MS)
    await closed
    assert.equal(forged.packets.length, 0)
    assert.ok(!good.socket.destroyed)
    good.socket.destroy()
  })

  test('other protocols and noise close their own connection only', async () => {
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(4096, 0xff)]) {
      const client = await FramedClient.connect(transport.port, HOST)
      const closed = once(client.socket, 'close')
      client.socket.write(bytes)
      await closed
    }
    assert.ok(faults.includes('ice/frame-too-long'))
    const client = await FramedClient.connect(transport.port, HOST)
    for (const first of [0, 1, 3, 20, 63, 128, 191, 255]) client.send(Buffer.concat([Buffer.of(first), randomBytes(60)]))
    client.send(open().check())
    await until('the answer', () => client.packets.length === 1)
    client.socket.destroy()
  })
})

describe('a fault of ours in what a peer sent', () => {
  test('closes that session, is logged and counted, and harms nobody else', async (context) => {
    const faults: string[] = []
    const errors: string[] = []
    const log: Log = { ..._quiet, error: (_fields, message) => errors.push(message), child: () => _quiet }
    const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
    const transport = await WebRtcTransport.start(makeServerContext({ hub, log, countFault: (_protocol, code) => faults.push(code) }), { host: HOST, port: 0 })
    context.after(() => transport.close())
    const { stream } = hub.publish('live', [h264], 'packets', { protocol: 'test', remote: 'test', close() {} }, 0)
    const offer = decodeRtcOffer(CHROMIUM_OFFER)
    const [broken, other] = [1, 2].map((port) => transport.open('live', stream, offer, negotiate(offer, [h264]).accepted, `192.0.2.1:${port}`))
    assert.ok(broken && other)
    const [media] = decodeSdp(broken.answer).media
    assert.ok(media)
    Object.assign(broken.conn, {
      handleMedia: () => {
        throw new RangeError('a mistake')
      },
    })
    const socket = createSocket('udp4').bind(0, HOST)
    context.after(() => socket.close())
    await once(socket, 'listening')
    const answered = once(socket, 'message')
    socket.send(makeCheck(`${attribute(media, 'ice-ufrag')}:4ZcD`, attribute(media, 'ice-pwd') ?? ''), transport.port, HOST)
    await answered
    socket.send(Buffer.of(0x80, 0xc9, 0, 1, 0, 0, 0, 1), transport.port, HOST)
    await until('it is counted', () => faults.includes('webrtc/internal'))
    assert.equal(errors.length, 1)
    assert.deepEqual([transport.find('live', broken.conn.id), transport.find('live', other.conn.id)], [undefined, other.conn])
  })
})

describe('the TCP port', () => {
  test('takes so many connections as the server’s limits allow, and no more', async (context) => {
    const limits = { maxConnections: 9, maxConnectionsPerAddress: 2, maxNewPerSecondPerAddress: 9, isExempt: () => false }
    const port = await TcpPort.open(HOST, 0, new ConnectionGuard(limits))
    context.after(() => port.close())
    port.onConnections({ packet() {}, fault() {}, closed() {} })
    const clients = [await FramedClient.connect(port.port, HOST), await FramedClient.connect(port.port, HOST)]
    const refused = connect(port.port, HOST).on('error', () => undefined)
    await new Promise((resolve) => refused.on('close', resolve))
    assert.equal(port.connections, 2)
    clients[0]?.socket.destroy()
    await until('one is gone', () => port.connections === 1)
    const next = await FramedClient.connect(port.port, HOST)
    await until('another one is taken', () => port.connections === 2)
    for (const { socket } of [...clients, next]) socket.destroy()
  })

  test('a peer that does not read: little waits for it, the rest is dropped, and it is up to date when it reads again', async (context) => {
    const port = await TcpPort.open(HOST, 0)
    context.after(() => port.close())
    const connections: TcpConnection[] = []
    port.onConnections({ packet: (connection) => connections.push(connection), fault() {}, closed() {} })
    const client = await FramedClient.connect(port.port, HOST)
    client.send(Buffer.of(1))
    await until('it is there', () => connections.length === 1)
    const [connection] = connections
    assert.ok(connection && !connection.isSlow)
    client.socket.pause()
    const packet = Buffer.alloc(1200, 0x80)
    let sent = 0
    for (; connection.dropped === 0 && sent < 100_000; sent++) {
      connection.send(packet)
      if (sent % 50 === 0) await new Promise(setImmediate)
    }
    assert.ok(connection.dropped > 0)
    assert.ok(connection.isSlow)
    assert.ok(connection.waitingBytes < 600_000, `${connection.waitingBytes} bytes wait`)
    client.socket.resume()
    await until('it caught up', () => !connection.isSlow && client.packets.length === sent - connection.dropped)
    assert.ok(client.packets.every((received) => received.equals(packet)))
    client.socket.destroy()
  })
})
