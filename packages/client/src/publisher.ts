import { PublishCore } from './publish-core.ts'
import type { PublishState } from './publish-state.ts'
import { type PublishStatistics, publishStatisticsOf } from './publish-statistics.ts'
import { type TrackKind, WhipClient } from './whip-client.ts'

export type PublisherOptions = {
  /** The server's address, such as `location.origin`. */
  readonly server: string | URL
  /** `lecture/hall-1` */
  readonly path: string
  /** Bearer token. */
  readonly token?: string | undefined
  onState(state: PublishState): void
}

/** Publishes camera, microphone or screen to a path of a Millrace server by WHIP, and comes back when the connection is lost. */
export class Publisher {
  readonly #core: PublishCore
  readonly #tracks: { video?: MediaStreamTrack | undefined; audio?: MediaStreamTrack | undefined } = {}
  #client: WhipClient | undefined
  /** Offered before the others, as RTP names it; counts from the next session on. */
  videoCodec: string | undefined
  /** Several sizes at once, of H.264, VP8 and VP9; counts from the next session on. */
  simulcast = false
  #maxVideoBps: number | undefined

  constructor({ server, path, token, onState }: PublisherOptions) {
    const url = new URL(`/${path}/whip`, server).href
    this.#core = new PublishCore({
      open: (listener) => {
        const client = new WhipClient(
          { ...this.#tracks, url, token, videoCodec: this.videoCodec, simulcast: this.simulcast, maxVideoBps: this.#maxVideoBps },
          { connected: listener.live, interrupted: listener.interrupted, failed: listener.failed },
        )
        this.#client = client
        void client.connect()
        return {
          close: () => {
            if (this.#client === client) this.#client = undefined
            client.close()
          },
        }
      },
      setTimer: (callback, delayMs) => {
        const timer = setTimeout(callback, delayMs)
        return () => clearTimeout(timer)
      },
      now: () => performance.now(),
      random: Math.random,
      onState,
    })
  }

  get state(): PublishState {
    return this.#core.state
  }

  /** Begins. There must be a track at least. */
  start(): void {
    this.#core.start()
  }

  /** Leaves the server; tracks stay as they are. */
  stop(): void {
    this.#core.stop()
  }

  /** What is sent. A change of device stays on the session; a kind that it did not have yet takes a new one. */
  async setTrack(kind: TrackKind, track: MediaStreamTrack | undefined): Promise<void> {
    if (this.#tracks[kind] === track) return
    this.#tracks[kind] = track
    const client = this.#client
    if (client?.sends(kind)) await client.replaceTrack(kind, track ?? null)
    else if (client !== undefined && track !== undefined) this.#core.start()
  }

  /** @param maxVideoBps upper bound in bits per second; undefined lets the browser choose. Counts at once */
  async setMaxVideoBps(maxVideoBps: number | undefined): Promise<void> {
    this.#maxVideoBps = maxVideoBps
    await this.#client?.setMaxVideoBps(maxVideoBps)
  }

  /** @returns undefined while there is no session */
  async statistics(): Promise<PublishStatistics | undefined> {
    const report = await this.#client?.getStats()
    return report && publishStatisticsOf(report.entries())
  }
}
