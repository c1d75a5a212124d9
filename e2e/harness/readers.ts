import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { Child, until } from './child.ts'
import { CLIP_HEIGHT, CLIP_WIDTH, type ClipAudio } from './clip.ts'
import type { Millrace } from './millrace.ts'

/** A column of the interop table. */
export type ReaderKind = {
  readonly name: string
  /** Audio codecs that it can carry. */
  readonly audio: readonly ClipAudio[]
  read(server: Millrace, path: string, audio: ClipAudio | undefined, newPage: () => Promise<Page>): Promise<void>
}

const FFPROBE_NAMES = { aac: 'aac', opus: 'opus', pcmu: 'pcm_mulaw', pcma: 'pcm_alaw' } as const

type ProbedStream = { codec_name: string; width?: number; height?: number; nb_read_frames?: string }

/** Decodes about three seconds with ffprobe; every decoder error is a failure. */
export const ffprobe = async (url: string, options: readonly string[], seconds = 3): Promise<ProbedStream[]> => {
  const entries = 'stream=codec_name,width,height,nb_read_frames'
  const args = ['-v', 'error', ...options, '-count_frames', '-read_intervals', `%+${seconds}`, '-show_entries', entries, '-of', 'json', url]
  const child = new Child('ffprobe', args)
  const code = await child.finished(30_000)
  assert.equal(child.stderr, '', `ffprobe ${url}`)
  assert.equal(code, 0, `ffprobe ${url} ended with ${code}`)
  return (JSON.parse(child.stdout) as { streams: ProbedStream[] }).streams
}

const checkProbed = (streams: ProbedStream[], audio: ClipAudio | undefined): void => {
  const video = streams.find(({ codec_name }) => codec_name === 'h264')
  assert.ok(video, `no H.264 in ${JSON.stringify(streams)}`)
  assert.deepEqual([video.width, video.height], [CLIP_WIDTH, CLIP_HEIGHT])
  assert.ok(Number(video.nb_read_frames) >= 45, `only ${video.nb_read_frames} pictures decoded in three seconds`)
  assert.equal(streams.length, audio ? 2 : 1, `tracks: ${JSON.stringify(streams)}`)
  if (!audio) return
  const sound = streams.find(({ codec_name }) => codec_name === FFPROBE_NAMES[audio])
  assert.ok(sound, `no ${audio} in ${JSON.stringify(streams)}`)
  assert.ok(Number(sound.nb_read_frames) >= 20, `only ${sound.nb_read_frames} audio frames decoded in three seconds`)
}

const ffprobeReader = (name: string, protocol: 'rtsp' | 'rtmp' | 'hls', options: readonly string[], audio: readonly ClipAudio[]): ReaderKind => ({
  name,
  audio,
  read: async (server, path, carried) => checkProbed(await ffprobe(server.url(protocol, path), options), carried),
})

/** What the page's newest peer connection says about what it receives. */
export const receivedStats = (page: Page) =>
  page.evaluate(async () => {
    const connection = (globalThis as unknown as { peerConnections: RTCPeerConnection[] }).peerConnections.at(-1)
    if (!connection) return undefined
    const found = { state: connection.connectionState, framesDecoded: 0, framesDropped: 0, width: 0, height: 0, samples: 0, nacks: 0, plis: 0, packetsLost: 0 }
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue
      if (report.kind === 'audio') found.samples = report.totalSamplesReceived ?? 0
      else {
        found.framesDecoded = report.framesDecoded ?? 0
        found.framesDropped = report.framesDropped ?? 0
        found.width = report.frameWidth ?? 0
        found.height = report.frameHeight ?? 0
        found.nacks = report.nackCount ?? 0
        found.plis = report.pliCount ?? 0
        found.packetsLost = report.packetsLost ?? 0
      }
    }
    return found
  })

/** Opens the player page; its peer connections can be asked for statistics. */
export const openPlayer = async (page: Page, server: Millrace, path: string): Promise<void> => {
  await page.addInitScript(() => {
    const connections: RTCPeerConnection[] = []
    const scope = globalThis as unknown as { peerConnections: RTCPeerConnection[] }
    scope.peerConnections = connections
    const Real = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Real {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        connections.push(this)
      }
    }
  })
  await page.goto(server.url('http', path))
}

const playedByWhep: ReaderKind = {
  name: 'Chromium by WHEP',
  audio: ['opus', 'pcmu', 'pcma'],
  read: async (server, path, audio, newPage) => {
    const page = await newPage()
    try {
      await openPlayer(page, server, path)
      const first = await until('pictures by WebRTC', 15_000, async () => {
        const stats = await receivedStats(page)
        return stats && stats.framesDecoded > 5 && stats
      })
      assert.deepEqual([first.width, first.height], [CLIP_WIDTH, CLIP_HEIGHT])
      const later = await until('30 more pictures', 10_000, async () => {
        const stats = await receivedStats(page)
        return stats && stats.framesDecoded >= first.framesDecoded + 30 && stats
      })
      assert.equal(later.packetsLost, 0)
      if (audio) await until('sound by WebRTC', 5000, async () => ((await receivedStats(page))?.samples ?? 0) > first.samples)
    } finally {
      await page.close()
    }
  },
}

const playedByHls: ReaderKind = {
  name: 'Chromium by HLS',
  audio: ['aac', 'opus'],
  read: async (server, path, _audio, newPage) => {
    const page = await newPage()
    try {
      await page.route(/\/whep$/, (route) => route.abort())
      await openPlayer(page, server, path)
      const quality = () =>
        page.evaluate(() => {
          const video = document.querySelector('video')
          if (!video) return undefined
          const { totalVideoFrames } = video.getVideoPlaybackQuality()
          return { frames: totalVideoFrames, width: video.videoWidth, height: video.videoHeight, error: video.error?.message, time: video.currentTime }
        })
      const first = await until('pictures by HLS', 25_000, async () => {
        const now = await quality()
        return now && now.frames > 5 && now
      })
      assert.deepEqual([first.width, first.height], [CLIP_WIDTH, CLIP_HEIGHT])
      const later = await until('30 more pictures', 15_000, async () => {
        const now = await quality()
        return now && now.frames >= first.frames + 30 && now
      })
      assert.equal(later.error, undefined)
    } finally {
      await page.close()
    }
  },
}

/** The columns of the interop table. */
export const READERS: readonly ReaderKind[] = [
  playedByWhep,
  playedByHls,
  ffprobeReader('ffprobe by RTSP/TCP', 'rtsp', ['-rtsp_transport', 'tcp'], ['aac', 'opus', 'pcmu', 'pcma']),
  ffprobeReader('ffprobe by RTSP/UDP', 'rtsp', ['-rtsp_transport', 'udp'], ['aac', 'opus', 'pcmu', 'pcma']),
  ffprobeReader('ffprobe by RTMP', 'rtmp', [], ['aac', 'pcmu', 'pcma']),
  ffprobeReader('ffprobe by HLS', 'hls', [], ['aac', 'opus']),
]
