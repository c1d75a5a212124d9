import { playHls } from './hls-playback.ts'
import { watchPath } from './path-watch.ts'
import type { PlaybackStatistics } from './playback.ts'
import { PlayerCore } from './player-core.ts'
import type { PlayerMode, PlayerState } from './player-state.ts'
import { playWhep } from './whep-playback.ts'

export type PlayerOptions = {
  /** The server's address, such as `location.origin`. */
  readonly server: string | URL
  /** `lecture/hall-1` */
  readonly path: string
  /** Where it plays. Set `muted`, `autoplay` and `playsInline`, or browsers want a click first. */
  readonly video: HTMLVideoElement
  readonly mode?: PlayerMode
  /** Of who may watch. */
  readonly token?: string | undefined
  onState(state: PlayerState): void
}

/** Plays a path of a Millrace server: WebRTC first, HLS where that does not work; waits for the publisher, and comes back when the connection is lost. */
export class Player {
  readonly #core: PlayerCore

  constructor({ server, path, video, mode, token, onState }: PlayerOptions) {
    const origin = new URL(server)
    const base = new URL(`/${path}`, origin).href
    this.#core = new PlayerCore(
      {
        open: { webrtc: (listener) => playWhep(base, video, listener, token), hls: (listener) => playHls(base, video, listener, token) },
        watchPath: (listener) => watchPath(origin, path, listener, token),
        setTimer: (callback, delayMs) => {
          const timer = setTimeout(callback, delayMs)
          return () => clearTimeout(timer)
        },
        random: Math.random,
        onState,
      },
      mode ?? 'auto',
    )
  }

  get state(): PlayerState {
    return this.#core.state
  }

  get mode(): PlayerMode {
    return this.#core.mode
  }

  /** Begins, or begins anew. */
  start(): void {
    this.#core.start()
  }

  /** Changes the transport, such as to HLS for a sound that WebRTC cannot carry. */
  use(mode: PlayerMode): void {
    this.#core.use(mode)
  }

  /** Leaves the server; `start` begins again. */
  stop(): void {
    this.#core.stop()
  }

  /** @returns undefined while nothing plays */
  statistics(): Promise<PlaybackStatistics | undefined> {
    return this.#core.statistics()
  }
}
