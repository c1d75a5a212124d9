import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { roundTripMs } from '../../protocols/rtp/round-trip.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import type { ReportBlock } from '../../protocols/rtp/rtcp-report.ts'

/** What a reader says of the packets that it got. */
export class ReaderReports {
  readonly #stream: Stream
  readonly #ssrc: (track: Track) => number
  readonly #newest: (ReportBlock | undefined)[] = []
  #rttMs: number | undefined

  /** @param ssrc of the packets of a track */
  constructor(stream: Stream, ssrc: (track: Track) => number) {
    this.#stream = stream
    this.#ssrc = ssrc
  }

  /**
   * @param wallMs when it came, milliseconds since 1970
   * @param rtcp a compound packet
   * @throws ProtocolError `rtcp/…`
   */
  learn(wallMs: number, rtcp: Uint8Array): void {
    for (const message of decodeRtcp(rtcp)) {
      if (message.type !== 'receiver-report' && message.type !== 'sender-report') continue
      for (const report of message.reports) {
        const track = this.#stream.tracks.find((candidate) => this.#ssrc(candidate) === report.ssrc)
        if (!track) continue
        this.#newest[track.index] = report
        this.#rttMs = roundTripMs(report, wallMs) ?? this.#rttMs
      }
    }
  }

  /** Of all tracks together. Undefined before the first report. */
  get lost(): number | undefined {
    const reports = this.#newest.filter((report) => report !== undefined)
    return reports.length === 0 ? undefined : reports.reduce((sum, { cumulativeLost }) => sum + Math.max(0, cumulativeLost), 0)
  }

  /** Of the video, or of the first track that has a report, in milliseconds. */
  get jitterMs(): number | undefined {
    const reported = this.#stream.tracks.filter((track) => this.#newest[track.index])
    const track = reported.find(({ codec }) => codec.kind === 'video') ?? reported[0]
    return track && ((this.#newest[track.index]?.jitter ?? 0) * 1000) / track.clockRate
  }

  get rttMs(): number | undefined {
    return this.#rttMs
  }
}
