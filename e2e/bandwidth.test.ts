import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'

const WATCHED_MS = 10_000
const MAX_DIFFERENCE = 0.05
const PATH = 'live/counted'

type Session = { id: string; protocol: string; transport: string; role: string; bytesReceived: number; bytesSent: number; bitrateSent: number }

describe('what the server counts of each client', () => {
  let browser: Browser
  let folder: string
  before(async () => {
    browser = await launchChromium()
    folder = mkdtempSync(join(tmpdir(), 'millrace-bandwidth-'))
  })
  after(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(stopChildren)

  it('is what the client counts, in the API and in Prometheus, for every protocol at once', { timeout: 90_000 }, async (test) => {
    // Readers stay for a while when the publisher is gone: nothing flows then, and both sides can be read at leisure.
    const server = await Millrace.start('demo: false\nrepublishGrace: 60s\nmetrics: { port: 0, perSession: true }')
    const input = ['-re', '-stream_loop', '-1', '-i', await clip({ audio: 'opus', bitrate: '2M' })]
    const publisher = new Child('ffmpeg', ['-v', 'verbose', ...input, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', server.url('rtsp', PATH)])
    await server.pathIsLive(PATH)
    const overTcp = ffmpegReader(server, 'tcp')
    const overUdp = ffmpegReader(server, 'udp')
    const file = join(folder, 'out.flv')
    const rtmp = new Child('rtmpdump', ['-q', '--live', '-r', server.url('rtmp', PATH), '-o', file])
    const whep = await whepReader(browser, server)
    const hls = hlsReader(server)
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS))
    hls.stop()
    await publisher.stop()
    const hlsBytes = await hls.done
    const sessions = await settledSessions(server)
    const api = `http://127.0.0.1:${server.ports.api}/v1`
    const find = (protocol: string, transport: string): Session => {
      const found = sessions.filter((session) => session.role === 'reader' && session.protocol === protocol && session.transport === transport)
      assert.equal(found.length, 1, `${protocol} over ${transport}: ${JSON.stringify(sessions)}`)
      return found[0] as Session
    }
    const shown = [find('rtsp', 'tcp'), find('rtsp', 'udp'), find('rtmp', 'tcp'), find('webrtc', 'udp'), find('hls', 'tcp')]
    const metrics = await (await fetch(`http://127.0.0.1:${server.ports.metrics}/metrics`)).text()
    const whepBytes = await whep.bytes()
    // ffmpeg that waits for media hears no signal.
    for (const { id } of shown) assert.equal((await fetch(`${api}/sessions/kick/${id}`, { method: 'POST' })).status, 204)
    await Promise.all([overTcp, overUdp, rtmp].map((reader) => reader.finished(10_000)))
    const counted = [demuxed(overTcp), demuxed(overUdp), statSync(file).size, whepBytes, hlsBytes]
    const names = ['ffmpeg RTSP/TCP', 'ffmpeg RTSP/UDP', 'rtmpdump', 'Chromium WHEP', 'curl HLS']
    for (const [i, name] of names.entries()) {
      const session = shown[i] as Session
      const client = counted[i] ?? 0
      const prometheus = sessionMetric(metrics, 'millrace_session_sent_bytes_total', session.id)
      test.diagnostic(`${name}: counts ${client} bytes; API ${session.bytesSent} (${percent(session.bytesSent, client)}), Prometheus ${prometheus}`)
      assert.ok(client > 500_000, `${name} got only ${client} bytes`)
      assert.ok(Math.abs(session.bytesSent / client - 1) < MAX_DIFFERENCE, `${name}: API ${session.bytesSent}, client ${client}`)
      assert.ok(Math.abs(prometheus / client - 1) < MAX_DIFFERENCE, `${name}: Prometheus ${prometheus}, client ${client}`)
    }
    const total = Number(/^millrace_path_received_bytes_total\{path="live\/counted",protocol="rtsp",role="publisher"\} (\d+)/m.exec(metrics)?.[1])
    const sent = muxed(publisher)
    test.diagnostic(`the publisher, ffmpeg RTSP/TCP: counts ${sent} bytes; Prometheus ${total} (${percent(total, sent)})`)
    assert.ok(Math.abs(total / sent - 1) < MAX_DIFFERENCE, `the publisher counts ${sent}, Prometheus ${total}`)
    await server.stop()
  })
})

/** Counts the payload of what it read; RTP's headers come on top, 1 to 2 % here. */
const ffmpegReader = (server: Millrace, transport: 'tcp' | 'udp'): Child =>
  new Child('ffmpeg', ['-v', 'verbose', '-rtsp_transport', transport, '-i', server.url('rtsp', PATH), '-map', '0', '-c', 'copy', '-f', 'null', '-'])

const demuxed = ({ stderr }: Child): number => Number(/Total: \d+ packets \((\d+) bytes\) demuxed/.exec(stderr)?.[1])

const muxed = ({ stderr }: Child): number => Number(/Total: \d+ packets \((\d+) bytes\) muxed/.exec(stderr)?.[1])

const whepReader = async (browser: Browser, server: Millrace) => {
  const page = await browser.newPage()
  // Any page of the origin that may ask it.
  await page.goto(server.url('http', '_/health'))
  await page.evaluate(async (path) => {
    const connection = new RTCPeerConnection()
    connection.addTransceiver('video', { direction: 'recvonly' })
    connection.addTransceiver('audio', { direction: 'recvonly' })
    await connection.setLocalDescription()
    const response = await fetch(`/${path}/whep`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: connection.localDescription?.sdp ?? '',
    })
    await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() })
    Object.assign(globalThis, { watching: connection })
  }, PATH)
  return {
    bytes: () =>
      page.evaluate(async () => {
        const { watching } = globalThis as unknown as { watching: RTCPeerConnection }
        let bytes = 0
        for (const report of (await watching.getStats()).values()) {
          if (report.type === 'inbound-rtp') bytes += report.bytesReceived + report.headerBytesReceived
        }
        return bytes as number
      }),
  }
}

/** Fetches each playlist and segment with curl, as a player does that knows no parts. */
const hlsReader = (server: Millrace): { stop(): void; readonly done: Promise<number> } => {
  let stopped = false
  const run = async (): Promise<number> => {
    let bytes = 0
    const get = async (url: string, ...options: string[]): Promise<string> => {
      const child = new Child('curl', ['-s', '-w', '%{stderr}%{size_download}', ...options, url])
      await child.finished(15_000)
      bytes += Number(child.stderr)
      return child.stdout
    }
    const base = server.url('hls', PATH)
    const address = (playlist: string): string => new URL(playlist.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '', base).href
    const media = address(await get(base))
    const fetched = new Set<string>()
    while (!stopped) {
      const playlist = await get(media)
      const segments = playlist.split('\n').filter((line) => line.startsWith('segment-') && !fetched.has(line))
      for (const segment of segments) {
        fetched.add(segment)
        await get(new URL(segment, base).href, '-o', '/dev/null')
      }
      if (segments.length === 0) await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return bytes
  }
  return { stop: () => void (stopped = true), done: run() }
}

/** Once nothing flows any more. */
const settledSessions = async (server: Millrace): Promise<Session[]> => {
  let last = ''
  return until('nothing flows', 15_000, async () => {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { items } = (await (await fetch(`http://127.0.0.1:${server.ports.api}/v1/sessions/list?path=${PATH}`)).json()) as { items: Session[] }
    const now = JSON.stringify(items.map(({ id, bytesSent }) => [id, bytesSent]))
    const isSettled = now === last
    last = now
    return isSettled && items
  })
}

const sessionMetric = (metrics: string, name: string, id: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${name}{`) && line.includes(`id="${id}"`))
      ?.split(' ')
      .at(-1),
  )

const percent = (server: number, client: number): string => `${server > client ? '+' : ''}${((server / client - 1) * 100).toFixed(1)} %`
