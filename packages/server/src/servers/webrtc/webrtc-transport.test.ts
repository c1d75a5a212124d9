import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { negotiate } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { CHROMIUM_OFFER } from '@millrace/media/bridges/webrtc/offers.corpus.ts'
import { decodeRtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { attribute } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { decodeStun, isStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { makeServerContext } from '../../../test/server-context.ts'
import { until } from '../../../test/until.ts'
import { makeCheck } from '../../../test/webrtc/ice-client.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs } from '../../net/clock.ts'
import { ListenError } from '../../net/listen-error.ts'
import { WebRtcTransport } from './webrtc-transport.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const _quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }
const HOST = '127.0.0.1'

describe('the UDP port of WebRTC', () => {
  const faults: string[] = []
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  const context = makeServerContext({ hub, countFault: (_protocol, code) => faults.push(code) })
  let transport: WebRtcTransport
  let stream: Stream
  let socket: Socket

  before(async () => {
    transport = await WebRtcTransport.start(context, { host: HOST, port: 0 })
    stream = hub.publish('live', [h264], 'packets', { protocol: 'test', remote: 'test', close() {} }, 0).stream
    socket = createSocket('udp4').bind(0, HOST)
    await once(socket, 'listening')
  })
  after(async () => {
    socket.close()
    await transport.close()
  })

  const open = () => {
    const offer = decodeRtcOffer(CHROMIUM_OFFER)
    const { conn, answer } = transport.open('live', stream, offer, negotiate(offer, [h264]).accepted, '192.0.2.1:1')
    const media = decodeSdp(answer).media[0]
    assert.ok(media)
    return { id: conn.id, ufrag: attribute(media, 'ice-ufrag') ?? '', password: attribute(media, 'ice-pwd') ?? '' }
  }

  const sendCheck = (username: string, password: string): void => socket.send(makeCheck(username, password), transport.port, HOST)

  test('answers the check of a session that it knows', async () => {
    const { ufrag, password } = open()
    const answered = once(socket, 'message')
    sendCheck(`${ufrag}:4ZcD`, password)
    const [datagram] = (await answered) as [Buffer]
    assert.deepEqual(decodeStun(datagram).xorMappedAddress, { address: HOST, port: socket.address().port })
  })

  test('counts and does not answer a forged check', async () => {
    const { ufrag } = open()
    const answer = (): never => assert.fail('it was answered')
    socket.on('message', answer)
    sendCheck(`${ufrag}:4ZcD`, 'a password that was guessed')
    await until('it is counted', () => faults.includes('stun/refused'))
    socket.off('message', answer)
  })

  test('media and handshakes from an address that no valid check came from are not answered', async () => {
    const { ufrag, password } = open()
    const stranger = createSocket('udp4')
    const clientHello = Buffer.concat([Buffer.from('16fefd0000000000000000002c010000200000000000000020fefd', 'hex'), randomBytes(30)])
    const [first] = await new Promise<[Buffer]>((resolve) => {
      stranger.once('message', (datagram) => resolve([datagram]))
      for (const bytes of [clientHello, Buffer.concat([Buffer.of(0x80, 201, 0, 1), randomBytes(40)])]) stranger.send(bytes, transport.port, HOST)
      stranger.send(makeCheck(`${ufrag}:4ZcD`, password), transport.port, HOST)
    })
    assert.ok(isStun(first))
    stranger.close()
  })

  test('goes on after noise of each kind', async () => {
    const { ufrag, password } = open()
    for (const first of [0, 1, 3, 20, 22, 63, 64, 128, 191, 192, 255]) {
      for (const length of [1, 20, 200, 1400]) socket.send(Buffer.concat([Buffer.of(first), randomBytes(length)]), transport.port, HOST)
    }
    const answered = once(socket, 'message')
    sendCheck(`${ufrag}:4ZcD`, password)
    await answered
  })

  test('forgets a player that does not come, or went silent, after 30 s', () => {
    const before = stream.clients.size
    const { id } = open()
    const conn = transport.find('live', id)
    assert.ok(conn)
    conn.tick(monotonicMs() + 29_000)
    assert.equal(transport.find('live', id), conn)
    conn.tick(monotonicMs() + 31_000)
    assert.equal(transport.find('live', id), undefined)
    assert.equal(stream.clients.size, before)
  })

  test('a stream that ends takes its viewers with it', () => {
    open()
    stream.end({ code: 'publisher-left', message: 'over' })
    assert.equal(transport.sessions, 0)
  })

  test('names the port that is taken', async () => {
    await assert.rejects(
      WebRtcTransport.start(context, { host: HOST, port: transport.port }),
      (error) => error instanceof ListenError && error.message.includes(`UDP port ${transport.port} for WebRTC is taken`),
    )
  })
})
