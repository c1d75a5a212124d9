import type { PathWatch } from './path-watch.ts'
import type { Playback, PlaybackFault, PlaybackListener, PlaybackStatistics, Started, Transport } from './playback.ts'
import type { PlayerMode, PlayerState } from './player-state.ts'

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 10_000
/** Media that stays away for this long after a stall, though somebody publishes, is asked for anew. */
const STALL_PATIENCE_MS = 8000
/** After so many failures in a row WebRTC is not tried first any more. */
const MAX_WEBRTC_FAILURES = 2

/** What the player stands on; tests give their own. */
export type PlayerDependencies = {
  readonly open: Readonly<Record<Transport, (listener: PlaybackListener) => Playback>>
  watchPath(listener: (ready: boolean) => void): PathWatch
  /** @returns a function that cancels it */
  setTimer(callback: () => void, delayMs: number): () => void
  /** From 0 to 1, so that many players do not come back in the same moment. */
  random(): number
  onState(state: PlayerState): void
}

/** Decides which transport plays, and when to wait or to try again. Touches neither the network nor the page. */
export class PlayerCore {
  readonly #deps: PlayerDependencies
  #mode: PlayerMode
  #state: PlayerState = { name: 'stopped' }
  #playback: Playback | undefined
  #watch: PathWatch | undefined
  #cancelTimer: (() => void) | undefined
  /** Rises when a playback or watch is given up: what it still tells counts no more. */
  #generation = 0
  #attempts = 0
  #webrtcFailures = 0
  #hasPlayed = false

  constructor(deps: PlayerDependencies, mode: PlayerMode) {
    this.#deps = deps
    this.#mode = mode
  }

  get state(): PlayerState {
    return this.#state
  }

  get mode(): PlayerMode {
    return this.#mode
  }

  /** Also begins anew after a refusal. */
  start(): void {
    this.#attempts = 0
    this.#webrtcFailures = 0
    this.#openFirstChoice()
  }

  /** Changes the transport. */
  use(mode: PlayerMode): void {
    this.#mode = mode
    this.start()
  }

  stop(): void {
    this.#giveUp()
    this.#setState({ name: 'stopped' })
  }

  /** @returns undefined while nothing plays */
  async statistics(): Promise<PlaybackStatistics | undefined> {
    return this.#playback?.statistics()
  }

  #openFirstChoice(): void {
    if (this.#mode !== 'auto') this.#open(this.#mode)
    else if (this.#webrtcFailures < MAX_WEBRTC_FAILURES) this.#open('webrtc')
    else this.#open('hls', { kind: 'cannot-connect', message: 'WebRTC could not connect.' })
  }

  #open(via: Transport, because?: PlaybackFault): void {
    this.#giveUp()
    this.#setState({ name: 'connecting', via })
    const guard = this.#guard()
    let media: Started = { missing: [], hasAudio: false }
    let reduced: string | undefined
    const showPlaying = (): void =>
      this.#setState({ name: 'playing', via, ...media, ...(because !== undefined && { because }), ...(reduced !== undefined && { reduced }) })
    this.#playback = this.#deps.open[via]({
      started: guard((started: Started) => {
        media = started
        this.#attempts = 0
        this.#hasPlayed = true
        if (via === 'webrtc') this.#webrtcFailures = 0
        showPlaying()
      }),
      stalled: guard(() => this.#stalled()),
      resumed: guard(() => {
        this.#endWait()
        showPlaying()
      }),
      reduced: guard((reason: string | undefined) => {
        const changed = reduced !== reason
        reduced = reason
        if (changed && this.#isPlaying()) showPlaying()
      }),
      failed: guard((fault: PlaybackFault) => this.#failed(via, fault)),
    })
  }

  #failed(via: Transport, fault: PlaybackFault): void {
    const mayFallBack = via === 'webrtc' && this.#mode === 'auto'
    switch (fault.kind) {
      case 'no-publisher':
      case 'ended':
        this.#waitForPublisher()
        break
      case 'refused':
        this.#giveUp()
        this.#setState({ name: 'refused', message: fault.message, wantsSignIn: fault.wantsSignIn === true })
        break
      case 'cannot-play':
        this.#showUnplayable(fault.message)
        break
      case 'cannot-carry':
        if (mayFallBack) this.#open('hls', fault)
        else this.#showUnplayable(fault.message)
        break
      case 'cannot-connect':
        this.#webrtcFailures++
        if (mayFallBack) this.#open('hls', fault)
        else this.#retry(fault.message)
        break
      case 'lost':
        // A server that restarts fails both; it gets WebRTC's chance again after HLS's.
        this.#webrtcFailures = via === 'webrtc' && !this.#isPlaying() ? this.#webrtcFailures + 1 : 0
        this.#retry(fault.message)
    }
  }

  #isPlaying(): boolean {
    return this.#state.name === 'playing'
  }

  #retry(message: string): void {
    this.#giveUp()
    this.#setState({ name: 'reconnecting', message })
    this.#setTimer(this.#backoffMs(), () => this.#openFirstChoice())
  }

  #waitForPublisher(): void {
    this.#giveUp()
    this.#setState({ name: this.#hasPlayed ? 'ended' : 'waiting-for-publisher' })
    let wasAbsent = false
    this.#watchPath((ready) => {
      if (!ready) {
        wasAbsent = true
        this.#attempts = 0
        this.#cancelTimer?.()
      } else if (wasAbsent) this.#openFirstChoice()
      // The events say that there is a publisher, the server just said that there is none: do not ask in a circle.
      else this.#setTimer(this.#backoffMs(), () => this.#openFirstChoice())
    })
  }

  /** The next publisher may use another codec. */
  #showUnplayable(message: string): void {
    this.#giveUp()
    this.#setState({ name: 'codec-unplayable', message })
    let wasAbsent = false
    this.#watchPath((ready) => {
      if (ready && wasAbsent) this.start()
      wasAbsent = !ready
    })
  }

  /** Keeps the connection: a publisher that comes back soon continues on it. */
  #stalled(): void {
    this.#endWait()
    this.#watchPath((ready) => {
      if (!ready) {
        this.#cancelTimer?.()
        this.#setState({ name: 'ended' })
      } else this.#setTimer(STALL_PATIENCE_MS, () => this.#retry('No picture has come for a while.'))
    })
  }

  #watchPath(listener: (ready: boolean) => void): void {
    this.#watch = this.#deps.watchPath(this.#guard()(listener))
  }

  #guard(): <Args extends unknown[]>(callback: (...args: Args) => void) => (...args: Args) => void {
    const generation = this.#generation
    return (callback) =>
      (...args) => {
        if (generation === this.#generation) callback(...args)
      }
  }

  #setTimer(delayMs: number, callback: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#deps.setTimer(callback, delayMs)
  }

  /** Doubles with each attempt, from half to all of it by chance. */
  #backoffMs(): number {
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts++)
    return delay * (0.5 + this.#deps.random() / 2)
  }

  #endWait(): void {
    this.#watch?.close()
    this.#watch = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #giveUp(): void {
    this.#generation++
    this.#endWait()
    this.#playback?.close()
    this.#playback = undefined
  }

  #setState(state: PlayerState): void {
    this.#state = state
    this.#deps.onState(state)
  }
}
