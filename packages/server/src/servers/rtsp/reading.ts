import { RtspOutput, releaseRtspOutput } from '@millrace/media/bridges/rtsp/from-hub.ts'
import { ReaderReports } from '@millrace/media/bridges/rtsp/reader-reports.ts'
import { RtspReader } from '@millrace/media/bridges/rtsp/rtsp-reader.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { SetupTrack } from '@millrace/media/protocols/rtsp/server-tracks.ts'
import type { Pair } from '@millrace/media/protocols/rtsp/transport.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'
import type { TcpWriter } from '../../net/tcp-writer.ts'
import type { Remote, RtspParts } from './parts.ts'
import { TcpSink } from './tcp-sink.ts'
import { UdpSink } from './udp-sink.ts'

type Reader = Remote & { readonly user: string; readonly userAgent: string }

/** The reading side of a connection, from its first SETUP to its end. */
export class Reading implements SessionProbe, StreamClient {
  readonly protocol = 'rtsp'
  readonly path: string
  readonly #parts: RtspParts
  readonly user: string
  readonly userAgent: string
  readonly #remote: Remote
  readonly #stream: Stream
  readonly #output: RtspOutput
  readonly #onEnd: (reason: EndReason) => void
  readonly #registered: number[] = []
  readonly #reports: ReaderReports
  #reader: RtspReader | undefined
  #udpSink: UdpSink | undefined
  /** By UDP: what sinks before this one sent, and reports that came. */
  #udpBytesOut = 0
  #udpBytesIn = 0
  #writer: TcpWriter | undefined
  #hasPlayed = false
  #isClosed = false

  /** @param onEnd told when the stream is over, after the client was told */
  constructor(parts: RtspParts, path: string, stream: Stream, remote: Reader, onEnd: (reason: EndReason) => void) {
    this.path = path
    this.#parts = parts
    this.#remote = remote
    this.user = remote.user
    this.userAgent = remote.userAgent
    this.#stream = stream
    this.#onEnd = onEnd
    this.#output = RtspOutput.of(stream, parts.output)
    this.#reports = new ReaderReports(stream, (track) => this.#output.ssrc(track))
    stream.addClient(this)
  }

  get remote(): string {
    return this.#remote.label
  }

  get transport(): 'udp' | 'tcp' | undefined {
    if (this.#udpSink) return 'udp'
    return this.#writer && 'tcp'
  }

  get isActive(): boolean {
    return this.#reader !== undefined
  }

  readCounters(): SessionCounters {
    if (!this.#writer) return {}
    const { bytesIn, bytesOut, queue } = this.#writer
    const { lost, jitterMs, rttMs } = this.#reports
    return {
      bytesIn: bytesIn + this.#udpBytesIn,
      bytesOut: bytesOut + this.#udpBytesOut + (this.#udpSink?.bytesOut ?? 0),
      ...(this.#udpSink ? { packets: this.#udpSink.packetsOut } : { dropped: queue.dropped, dropReason: 'slow-reader' }),
      lost,
      jitterMs,
      rttMs,
    }
  }

  /** @param rtcp of the reader, a compound packet. What cannot be read is counted: the player plays without it */
  onReport(rtcp: Uint8Array): void {
    try {
      this.#reports.learn(this.#parts.output.wallClockMs(monotonicMs()), rtcp)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#parts.context.countFault('rtsp', error.code)
    }
  }

  /** SSRC of a track's packets, or undefined if the stream has no such track. */
  ssrc(trackIndex: number): number | undefined {
    const track = this.#stream.tracks[trackIndex]
    return track && this.#output.ssrc(track)
  }

  /** Takes a track's UDP port for RTCP. @returns false if another client has it */
  register(track: SetupTrack, onReport: () => void): boolean {
    const port = track.transport.clientPort?.[1]
    if (port === undefined) return true
    const take = (rtcp: Uint8Array): void => {
      this.#udpBytesIn += rtcp.length
      this.onReport(rtcp)
      onReport()
    }
    if (!this.#parts.udp.rtcp.register(this.#remote.address, port, take)) return false
    this.#registered.push(port)
    return true
  }

  /** PLAY: call `run` once the answer with `starts` is on its way. */
  prepare(tracks: readonly SetupTrack[], writer: TcpWriter): ReturnType<RtspReader['prepare']> {
    const udp = pairs(tracks, ({ transport }) => transport.clientPort)
    const sink = udp.size > 0 ? new UdpSink(this.#parts.udp, this.#remote.address, udp) : undefined
    const indexes = tracks.map((track) => track.index)
    const reader = new RtspReader(
      this.#stream,
      this.#output,
      indexes,
      sink ??
        new TcpSink(
          writer,
          pairs(tracks, ({ transport }) => transport.interleaved),
        ),
    )
    const { starts, run } = reader.prepare()
    return {
      starts,
      run: () => {
        if (this.#isClosed) return
        this.#reader = reader
        this.#udpBytesOut += this.#udpSink?.bytesOut ?? 0
        this.#udpSink = sink
        this.#writer = writer
        sink?.pace()
        if (!this.#hasPlayed) this.#parts.context.log.info(this.#fields, `reader came over ${sink ? 'UDP' : 'TCP'}`)
        this.#hasPlayed = true
        run()
      },
    }
  }

  pause(): void {
    this.#reader?.pause()
    this.#udpSink?.close()
    this.#reader = undefined
  }

  /** The stream is over. */
  end(reason: EndReason): void {
    this.#reader?.end(reason.message)
    this.#reader = undefined
    this.#onEnd(reason)
  }

  /** @param message why, for the log */
  close(message: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#reader?.end(message)
    this.pause()
    for (const port of this.#registered) this.#parts.udp.rtcp.unregister(this.#remote.address, port)
    this.#stream.removeClient(this, message)
    releaseRtspOutput(this.#stream)
    if (this.#hasPlayed) this.#parts.context.log.info(this.#fields, `reader left: ${message}`)
  }

  get #fields(): object {
    return { path: this.path, protocol: 'rtsp', client: this.#remote.label }
  }
}

const pairs = (tracks: readonly SetupTrack[], choose: (track: SetupTrack) => Pair | undefined): Map<number, Pair> => {
  const found = new Map<number, Pair>()
  for (const track of tracks) {
    const pair = choose(track)
    if (pair) found.set(track.index, pair)
  }
  return found
}
