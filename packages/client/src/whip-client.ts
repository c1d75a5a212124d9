import { preferCodec } from './publish-codecs.ts'
import { publishFaultOf } from './publish-fault.ts'
import type { PublishFault } from './publish-state.ts'
import { RtcSession, type SessionFailure } from './rtc-session.ts'
import { withStartBitrate } from './start-bitrate.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Simulcast layers: `maxBitrate` of each in relation to the others, and how high the picture is that the browsers' encoders make so many of. */
const LAYERS = [
  { rid: 'q', scaleResolutionDownBy: 4, share: 0.1, leastHeight: 540 },
  { rid: 'h', scaleResolutionDownBy: 2, share: 0.25, leastHeight: 270 },
  { rid: 'f', scaleResolutionDownBy: 1, share: 0.65, leastHeight: 0 },
] as const

/** Codecs of which the browsers make several pictures of one track, and how the one is set that has several sizes in one picture. */
const SIMULCAST_CODECS: readonly string[] = ['H264', 'VP8']
const SVC_CODEC = 'VP9'
const SVC_MODE = 'L3T3_KEY'

export type TrackKind = 'audio' | 'video'

export type WhipOptions = {
  /** The WHIP endpoint; absolute, or relative to the page. */
  readonly url: string
  readonly video?: MediaStreamTrack | undefined
  readonly audio?: MediaStreamTrack | undefined
  /** Bearer token. */
  readonly token?: string | undefined
  /** Offered before the others, as RTP names it: `H264`. */
  readonly videoCodec?: string | undefined
  /** Upper bound of the video, in bits per second. */
  readonly maxVideoBps?: number | undefined
  /** Three sizes at once (RFC 8853), of which each viewer gets the one that its path carries; H.264, VP8 and VP9 only, and two of small pictures. */
  readonly simulcast?: boolean | undefined
}

export type WhipListener = {
  /** Media flows; again after each interruption. */
  connected(): void
  interrupted(): void
  /** It is over; nothing else is told afterwards. */
  failed(fault: PublishFault): void
}

/** Publishes by WHIP (RFC 9725): one session. */
export class WhipClient {
  readonly #session: RtcSession
  readonly #options: WhipOptions
  readonly #senders = new Map<TrackKind, RTCRtpSender>()
  #maxVideoBps: number | undefined
  #isClosed = false
  #bitrateSet: Promise<void> = Promise.resolve()

  constructor(options: WhipOptions, listener: WhipListener) {
    this.#options = options
    this.#maxVideoBps = options.maxVideoBps
    this.#session = new RtcSession(
      { url: options.url, token: options.token, connectTimeoutMs: CONNECT_TIMEOUT_MS, adaptAnswer: (answer) => withStartBitrate(answer, this.#maxVideoBps) },
      {
        connected: () => listener.connected(),
        interrupted: () => listener.interrupted(),
        failed: (failure) => void this.#failed(failure, listener),
      },
    )
  }

  /** Begins; how it goes is told to the listener. */
  async connect(): Promise<void> {
    const { video, audio, videoCodec, simulcast = false } = this.#options
    const stream = new MediaStream()
    if (video) {
      const transceiver = this.#session.peer.addTransceiver(video, {
        direction: 'sendonly',
        streams: [stream],
        sendEncodings: simulcast ? encodings(video, videoCodec) : [{}],
      })
      if (videoCodec !== undefined) preferCodec(transceiver, videoCodec)
      this.#senders.set('video', transceiver.sender)
    }
    if (audio) this.#senders.set('audio', this.#session.peer.addTransceiver(audio, { direction: 'sendonly', streams: [stream] }).sender)
    await this.#applyBitrate()
    await this.#session.open()
  }

  /** Whether a track of this kind can be changed without a new session. */
  sends(kind: TrackKind): boolean {
    return this.#senders.has(kind)
  }

  /** Another device on the same session; null sends nothing. */
  async replaceTrack(kind: TrackKind, track: MediaStreamTrack | null): Promise<void> {
    if (!this.#isClosed) await this.#senders.get(kind)?.replaceTrack(track)
  }

  /** @param maxVideoBps undefined lets the browser choose */
  async setMaxVideoBps(maxVideoBps: number | undefined): Promise<void> {
    this.#maxVideoBps = maxVideoBps
    await this.#applyBitrate()
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#session.peer.getStats()
  }

  /** Tells the server, also while the page is being left. */
  close(): void {
    this.#isClosed = true
    this.#session.close()
  }

  /** One after the other: parameters that were read before others were set are refused. */
  #applyBitrate(): Promise<void> {
    this.#bitrateSet = this.#bitrateSet.catch(() => undefined).then(() => this.#setBitrate())
    return this.#bitrateSet
  }

  async #setBitrate(): Promise<void> {
    const sender = this.#senders.get('video')
    const parameters = sender?.getParameters()
    if (this.#isClosed || !sender || !parameters?.encodings?.length) return
    const shareOf = ({ rid }: RTCRtpEncodingParameters): number => LAYERS.find((layer) => layer.rid === rid)?.share ?? 1
    const whole = parameters.encodings.reduce((sum, encoding) => sum + shareOf(encoding), 0)
    for (const encoding of parameters.encodings) {
      const share = shareOf(encoding) / whole
      if (this.#maxVideoBps === undefined) delete encoding.maxBitrate
      else encoding.maxBitrate = Math.round(this.#maxVideoBps * share)
    }
    await sender.setParameters(parameters)
  }

  async #failed(failure: SessionFailure, listener: WhipListener): Promise<void> {
    const fault = await publishFaultOf(failure)
    if (!this.#isClosed) listener.failed(fault)
  }
}

/** @param videoCodec as RTP names it; undefined for the browser's own choice, which is one of those that can */
export const canSimulcast = (videoCodec: string | undefined): boolean =>
  videoCodec === undefined || [...SIMULCAST_CODECS, SVC_CODEC].includes(videoCodec.toUpperCase())

/** Browsers leave out the largest layer of a picture that is too small for so many, so those begin with fewer. */
const encodings = (video: MediaStreamTrack, videoCodec: string | undefined): RTCRtpEncodingParameters[] => {
  const svc: RTCRtpEncodingParameters & { readonly scalabilityMode: string } = { scalabilityMode: SVC_MODE }
  if (videoCodec?.toUpperCase() === SVC_CODEC) return [svc]
  const { height = 0 } = video.getSettings()
  const layers = LAYERS.filter(({ leastHeight }) => height >= leastHeight)
  return canSimulcast(videoCodec) && layers.length > 1 ? layers.map(({ rid, scaleResolutionDownBy }) => ({ rid, scaleResolutionDownBy })) : [{}]
}
