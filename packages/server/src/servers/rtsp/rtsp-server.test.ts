import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { makeContext, startTestServer, type TestServer } from '../../../test/rtsp/real-programs.ts'
import { until } from '../../../test/until.ts'
import { monotonicMs } from '../../net/clock.ts'
import { ListenError } from '../../net/listen-error.ts'
import { startRtspServer } from './rtsp-server.ts'

const open = async (t: TestContext, server: TestServer): Promise<{ socket: Socket; received: () => string }> => {
  const socket = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true })
  t.after(() => socket.destroy())
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  await once(socket, 'connect')
  return { socket, received: () => text }
}

const request = (method: string, url: string, cseq: number, headers: readonly string[] = []): string =>
  [`${method} ${url} RTSP/1.0`, `CSeq: ${cseq}`, ...headers, '', ''].join('\r\n')

/** Publishes audio from within. */
const publish = (server: TestServer): ((index: number) => void) => {
  const codec = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const
  const { stream } = server.hub.publish('a', [codec], 'packets', { protocol: 'test', remote: 'here', close: () => {} }, monotonicMs())
  const [track] = stream.tracks
  assert.ok(track)
  return (index) =>
    stream.writePacket(track, {
      seq: index,
      timestamp: index * 160,
      marker: false,
      randomAccess: true,
      payload: new Uint8Array(1000),
      arrivalMs: monotonicMs(),
    })
}

const play = (url: string): string => request('SETUP', `${url}/trackID=0`, 1, ['Transport: RTP/AVP/TCP;unicast;interleaved=6-7']) + request('PLAY', url, 2)

for (const [name, bytes, code] of [
  ['garbage', '\x16\x03\x01\x00\x00', 'rtsp/garbage'],
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'rtsp/not-rtsp'],
  ['garbage after a request that is answered late', `${request('DESCRIBE', 'rtsp://h/a', 1)}\x00`, 'rtsp/garbage'],
] as const) {
  test(`${name} closes that connection, and the server goes on`, async (t) => {
    const server = await startTestServer(t)
    const { socket } = await open(t, server)
    socket.write(bytes, 'latin1')
    await once(socket, 'end')
    assert.deepEqual(server.faults, [code])
    const other = await open(t, server)
    other.socket.write(request('OPTIONS', '*', 1))
    await until('an answer', () => other.received().startsWith('RTSP/1.0 200 OK'))
  })
}

test('packets go out on the channels that the client chose, after the answer to PLAY', async (t) => {
  const server = await startTestServer(t)
  const write = publish(server)
  const { socket, received } = await open(t, server)
  socket.write(play(server.url('a')))
  await server.logged('reader came')
  write(0)
  await until('a packet', () => received().includes('\r\n\r\n$\x06\x03\xf4\x80\x00'))
  assert.match(received(), /RTP-Info: url=[^;]*;seq=0;/)
  assert.equal(server.hub.find('a')?.clients.size, 1)
  socket.end()
  await server.logged('reader left')
  assert.equal(server.hub.find('a')?.clients.size, 0)
})

test('a reader that takes nothing is closed with a reason, its queue stays bounded, and others go on', async (t) => {
  const server = await startTestServer(t, { maxBytes: 1_000_000, maxAgeMs: 1000, stuckMs: 1000 })
  const write = publish(server)
  const stuck = await open(t, server)
  stuck.socket.write(play(server.url('a')))
  await server.logged('reader came')
  stuck.socket.pause()
  const other = await open(t, server)
  other.socket.write(play(server.url('a')))
  await until('both readers', () => server.hub.find('a')?.clients.size === 2)
  let index = 0
  const timer = setInterval(() => {
    for (let i = 0; i < 400; i++) write(index++)
  }, 20)
  t.after(() => clearInterval(timer))
  await server.logged('reader left: the connection is too slow for the stream')
  assert.equal(server.hub.find('a')?.clients.size, 1)
})

test('the end of a stream is told to its readers', async (t) => {
  const server = await startTestServer(t)
  const write = publish(server)
  const { socket, received } = await open(t, server)
  socket.write(play(server.url('a')))
  await server.logged('reader came')
  write(0)
  server.hub.close()
  await once(socket, 'end')
  // RTCP BYE on the second channel, RFC 3550 section 6.6.
  const bye = received().split('$\x07').at(-1) ?? ''
  assert.equal(bye.slice(2, 4), '\x81\xcb')
  assert.match(bye, /the server is stopping/)
})

test('a taken port is named with its key', async (t) => {
  const server = await startTestServer(t)
  const attempt = (port: number, rtpPort: number) => startRtspServer(makeContext(t), { host: '127.0.0.1', port, rtpPort, rtcpPort: server.rtcpPort })
  await assert.rejects(attempt(server.port, 0), (error) => error instanceof ListenError && /TCP port \d+ for RTSP is taken .* rtsp\.port/.test(error.message))
  await assert.rejects(attempt(0, server.rtpPort), (error) => error instanceof ListenError && /UDP port \d+ .* rtsp\.rtpPort/.test(error.message))
})
