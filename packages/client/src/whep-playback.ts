import type { Playback, PlaybackListener, PlaybackStatistics } from './playback.ts'
import { StallDetector } from './stall-detector.ts'
import { startVideo } from './start-video.ts'
import { playerReportOf, StatsReporter } from './stats-report.ts'
import { WhepClient } from './whep-client.ts'

const LOOK_EVERY_MS = 1000
/** The server wants to know how it goes, once in so many looks. */
const LOOKS_PER_REPORT = 2

/** Plays `BASE/whep` in a video element. */
export const playWhep = (baseUrl: string, video: HTMLVideoElement, listener: PlaybackListener, token?: string): Playback => {
  const client = new WhepClient(
    `${baseUrl}/whep`,
    {
      media: (stream) => {
        if (video.srcObject === stream) return
        video.srcObject = stream
        void startVideo(video)
      },
      failed: (fault) => {
        clearInterval(timer)
        listener.failed(fault)
      },
    },
    { token },
  )
  const stall = new StallDetector()
  const reporter = new StatsReporter()
  const closing = new AbortController()
  let looks = 0
  let hasStarted = false
  const started = (): void => {
    if (hasStarted) return
    hasStarted = true
    const { missing, hasAudio, notice } = client
    listener.started({ missing, hasAudio, ...(notice !== undefined && { notice }) })
  }
  const report = async (stats: RTCStatsReport): Promise<void> => {
    const reduced = await reporter.report(client.resourceUrl, playerReportOf(stats, performance.now()))
    if (reduced !== null && !closing.signal.aborted) listener.reduced(reduced)
  }
  const look = async (): Promise<void> => {
    const stats = await client.getStats()
    // A hidden page decodes as its browser likes: what it counts says nothing about the way to it.
    if (looks++ % LOOKS_PER_REPORT === 0 && !document.hidden) void report(stats)
    const received = sumInbound(stats, 'packetsReceived')
    const change = hasStarted ? stall.update(received, performance.now()) : undefined
    if (change !== undefined) listener[change]()
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  video.addEventListener('loadeddata', started, { signal: closing.signal })
  void client.connect()
  return {
    statistics: async () => statisticsOf(await client.getStats()),
    close: () => {
      clearInterval(timer)
      closing.abort()
      client.close()
      video.srcObject = null
    },
  }
}

const inboundOf = (report: RTCStatsReport, kind?: 'audio' | 'video'): RTCInboundRtpStreamStats[] => {
  const found: RTCInboundRtpStreamStats[] = []
  report.forEach((stats: RTCStats) => {
    if (stats.type === 'inbound-rtp') found.push(stats as RTCInboundRtpStreamStats)
  })
  return kind === undefined ? found : found.filter((stats) => stats.kind === kind)
}

const sumInbound = (report: RTCStatsReport, key: 'packetsReceived' | 'bytesReceived'): number =>
  inboundOf(report).reduce((sum, stats) => sum + (stats[key] ?? 0), 0)

const statisticsOf = (report: RTCStatsReport): PlaybackStatistics => {
  const [video] = inboundOf(report, 'video')
  const [audio] = inboundOf(report, 'audio')
  return withoutUndefined({
    via: 'webrtc',
    framesDecoded: video?.framesDecoded,
    framesDropped: video?.framesDropped,
    framesPerSecond: video?.framesPerSecond,
    frameWidth: video?.frameWidth,
    frameHeight: video?.frameHeight,
    bytesReceived: sumInbound(report, 'bytesReceived'),
    packetsReceived: video?.packetsReceived,
    packetsLost: video?.packetsLost,
    audioPacketsReceived: audio?.packetsReceived,
    audioPacketsLost: audio?.packetsLost,
    jitterMs: inMs(video?.jitter),
    roundTripMs: inMs(roundTripOf(report)),
  })
}

const roundTripOf = (report: RTCStatsReport): number | undefined => {
  let found: number | undefined
  report.forEach((stats: RTCStats) => {
    if (stats.type === 'candidate-pair' && (stats as RTCIceCandidatePairStats).nominated) found = (stats as RTCIceCandidatePairStats).currentRoundTripTime
  })
  return found
}

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)

type WithUndefined = { readonly [Key in keyof PlaybackStatistics]: PlaybackStatistics[Key] | undefined } & { readonly via: 'webrtc' }

const withoutUndefined = (statistics: WithUndefined): PlaybackStatistics =>
  Object.fromEntries(Object.entries(statistics).filter(([, value]) => value !== undefined)) as PlaybackStatistics
