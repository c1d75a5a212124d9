import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { stopChildren, until } from './harness/child.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { ffprobe } from './harness/readers.ts'

/** Bytes that look random but are the same in every run. */
const noise = (seed: number, length: number): Buffer => {
  const parts: Buffer[] = []
  for (let have = 0, i = 0; have < length; have += 32, i++) parts.push(createHash('sha256').update(`${seed}/${i}`).digest())
  return Buffer.concat(parts).subarray(0, length)
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
const rtmpHandshake = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536), Buffer.alloc(1536)])

/** What is sent, per kind of port; each on a connection of its own, which then waits. */
const TCP_GARBAGE: Record<'rtsp' | 'rtmp' | 'webrtc' | 'hls', Record<string, Buffer>> = {
  rtsp: {
    'half a request': ascii('DESCRIBE rtsp://127.0.0.1/demo RTSP/1.0\r\nCSeq: 1\r\n'),
    'a body that never comes': ascii(
      'ANNOUNCE rtsp://127.0.0.1/x RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 2147483647\r\n\r\nv=0',
    ),
    'a negative length': ascii('ANNOUNCE rtsp://127.0.0.1/x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n'),
    'a header without end': Buffer.concat([ascii('OPTIONS * RTSP/1.0\r\nX: '), Buffer.alloc(300_000, 0x61)]),
    'many headers': ascii(`OPTIONS * RTSP/1.0\r\n${'A: b\r\n'.repeat(20_000)}\r\n`),
    'interleaved data before SETUP': Buffer.from([0x24, 0, 0xff, 0xff, 1, 2, 3]),
    'broken SDP': ascii('ANNOUNCE rtsp://127.0.0.1/x RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\nv=1\r\nm=\r\n'),
  },
  rtmp: {
    'half a handshake': Buffer.alloc(700, 3),
    'wrong version': Buffer.concat([Buffer.from([0x77]), noise(1, 3072)]),
    'a message of 16 MB': Buffer.concat([rtmpHandshake, Buffer.from([0x03, 0, 0, 0, 0xff, 0xff, 0xff, 0x14, 0, 0, 0, 0]), noise(2, 128)]),
    'chunk size zero': Buffer.concat([rtmpHandshake, Buffer.from([0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0])]),
    'noise after the handshake': Buffer.concat([rtmpHandshake, noise(3, 20_000)]),
    'many chunk streams': Buffer.concat([
      rtmpHandshake,
      ...Array.from({ length: 2000 }, (_, i) => Buffer.concat([Buffer.from([0x01, i & 0xff, i >> 8, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0]), Buffer.alloc(128)])),
    ]),
  },
  webrtc: {
    'half a request': ascii('POST /demo/whep HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\nv=0'),
    'broken SDP': ascii('POST /demo/whep HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 3\r\n\r\nv=0'),
    'a long header': Buffer.concat([ascii('GET / HTTP/1.1\r\nX: '), Buffer.alloc(300_000, 0x61)]),
    'a path with tricks': ascii('GET /..%2f..%2fetc/passwd%00 HTTP/1.1\r\nHost: x\r\n\r\n'),
    'a long path': ascii(`GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  },
  hls: { 'half a request': ascii('GET /demo/index.m3u8 HT'), 'a made-up segment': ascii('GET /demo/seg99999999999999999999.mp4 HTTP/1.1\r\nHost: x\r\n\r\n') },
}

const UDP_GARBAGE: Record<'rtp' | 'rtcp' | 'ice', Buffer[]> = {
  rtp: [Buffer.alloc(0), Buffer.from([0x80]), Buffer.from([0xbf, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]), noise(10, 1400), noise(11, 60_000)],
  rtcp: [Buffer.from([0x80, 200, 0xff, 0xff]), Buffer.from([0x81, 201, 0, 7, 1, 2, 3]), noise(12, 500)],
  ice: [
    Buffer.from([0, 1, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42]),
    Buffer.concat([Buffer.from([0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42]), noise(13, 12), Buffer.from([0, 6, 0xff, 0xff, 1, 2, 3, 4])]),
    Buffer.concat([Buffer.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), noise(14, 100)]),
    Buffer.concat([Buffer.from([0x80, 0xe0]), noise(15, 1200)]),
    noise(16, 1500),
  ],
}

const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await stopChildren()
})

describe('garbage on every port', () => {
  it('closes who sent it, within seconds, and nobody else notices', { timeout: 120_000 }, async (test) => {
    const server = await Millrace.start('demo: true')
    await server.pathIsLive('demo')
    const watchers = [decode('RTSP', server.url('rtsp', 'demo'), ['-rtsp_transport', 'tcp']), decode('HLS', server.url('hls', 'demo'))]
    for (const watcher of watchers) await until(`${watcher.name} decodes`, 20_000, () => watcher.frames() > 10)
    const filesBefore = server.openFiles()

    const closed = new Set<Socket>()
    const names = new Map<Socket, string>()
    const send = (port: number, name: string, bytes: Buffer | undefined) => {
      const socket = connect(port, '127.0.0.1', () => bytes && socket.write(bytes))
      socket.on('error', () => closed.add(socket))
      socket.on('close', () => closed.add(socket))
      socket.resume()
      sockets.push(socket)
      names.set(socket, name)
    }
    for (const kind of ['rtsp', 'rtmp', 'webrtc', 'hls'] as const) {
      const port = server.ports[kind]
      for (const [name, bytes] of Object.entries(TCP_GARBAGE[kind])) send(port, `${kind}: ${name}`, bytes)
      for (let i = 0; i < 20; i++) send(port, `${kind}: noise ${i}`, noise(i, 1 + i * 500))
      for (let i = 0; i < 50; i++) send(port, `${kind}: half-open ${i}`, undefined)
    }
    const udp = createSocket('udp4')
    for (const kind of ['rtp', 'rtcp', 'ice'] as const) {
      for (const bytes of UDP_GARBAGE[kind]) for (let i = 0; i < 20; i++) udp.send(bytes, server.ports[kind], '127.0.0.1')
    }
    test.diagnostic(`${sockets.length} bad connections`)
    const open = () => sockets.filter((socket) => !closed.has(socket)).map((socket) => names.get(socket))
    await until('all bad connections are closed', 45_000, () => closed.size === sockets.length).catch((error: Error) => {
      throw new Error(`${error.message}; still open: ${open().slice(0, 10).join(', ')}`)
    })
    udp.close()

    const before = watchers.map((watcher) => watcher.frames())
    for (const [i, watcher] of watchers.entries()) {
      await until(`${watcher.name} goes on`, 10_000, () => watcher.frames() > (before[i] ?? 0) + 60)
      assert.equal(watcher.child.stderr, '', `${watcher.name} had errors`)
    }
    const streams = await ffprobe(server.url('rtsp', 'demo'), ['-rtsp_transport', 'tcp'])
    assert.ok(streams.length >= 2, 'a new reader is served')
    await until('all sockets are closed', 10_000, () => server.openFiles() <= filesBefore + 3)
    assert.equal(server.child.exitCode, undefined)
    for (const watcher of watchers) await watcher.child.stop()
    await server.stop()
  })
})
