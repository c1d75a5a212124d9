import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { PlaybackFault, PlaybackListener, Transport } from './playback.ts'
import { PlayerCore } from './player-core.ts'
import type { PlayerMode, PlayerState } from './player-state.ts'

const SILENT = { missing: [], hasAudio: false } as const

/** The outside of a player, by hand: playbacks that were opened, watches, and a clock that is wound on. */
class Outside {
  readonly states: PlayerState[] = []
  readonly opened: { via: Transport; listener: PlaybackListener; closed: boolean }[] = []
  readonly watches: { ready: (ready: boolean) => void; closed: boolean }[] = []
  #timers: { atMs: number; callback: () => void }[] = []
  #nowMs = 0

  player(mode: PlayerMode = 'auto'): PlayerCore {
    const open = (via: Transport) => (listener: PlaybackListener) => {
      const playback = { via, listener, closed: false }
      this.opened.push(playback)
      return { statistics: () => Promise.resolve({ via }), close: () => void (playback.closed = true) }
    }
    return new PlayerCore(
      {
        open: { webrtc: open('webrtc'), hls: open('hls') },
        watchPath: (ready) => {
          const watch = { ready, closed: false }
          this.watches.push(watch)
          return { close: () => void (watch.closed = true) }
        },
        setTimer: (callback, delayMs) => {
          const timer = { atMs: this.#nowMs + delayMs, callback }
          this.#timers.push(timer)
          return () => void (this.#timers = this.#timers.filter((other) => other !== timer))
        },
        random: () => 1,
        onState: (state) => this.states.push(state),
      },
      mode,
    )
  }

  wind(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = next.atMs
      next.callback()
    }
    this.#nowMs = untilMs
  }

  get last(): PlaybackListener {
    const playback = this.opened.at(-1)
    assert.ok(playback)
    return playback.listener
  }

  fail(kind: PlaybackFault['kind']): void {
    this.last.failed({ kind, message: `${kind}!` })
  }

  ready(ready: boolean): void {
    const watch = this.watches.at(-1)
    assert.ok(watch && !watch.closed, 'a watch is open')
    watch.ready(ready)
  }

  get names(): string[] {
    return this.states.map((state) => ('via' in state ? `${state.name} ${state.via}` : state.name))
  }

  get unclosed(): number {
    return this.opened.filter(({ closed }) => !closed).length + this.watches.filter(({ closed }) => !closed).length
  }
}

describe('PlayerCore', () => {
  let outside: Outside
  beforeEach(() => {
    outside = new Outside()
  })

  for (const [name, mode, act, expected] of [
    ['WebRTC plays', 'auto', (o) => o.last.started(SILENT), ['connecting webrtc', 'playing webrtc']],
    ['refused', 'auto', (o) => o.fail('refused'), ['connecting webrtc', 'refused']],
    ['no connection: HLS', 'auto', (o) => o.fail('cannot-connect'), ['connecting webrtc', 'connecting hls']],
    ['no codec for WebRTC: HLS', 'auto', (o) => o.fail('cannot-carry'), ['connecting webrtc', 'connecting hls']],
    ['no codec for WebRTC, HLS not wanted', 'webrtc', (o) => o.fail('cannot-carry'), ['connecting webrtc', 'codec-unplayable']],
    ['no connection, HLS not wanted', 'webrtc', (o) => o.fail('cannot-connect'), ['connecting webrtc', 'reconnecting']],
    ['HLS wanted, no decoder', 'hls', (o) => o.fail('cannot-play'), ['connecting hls', 'codec-unplayable']],
    ['nobody publishes', 'auto', (o) => o.fail('no-publisher'), ['connecting webrtc', 'waiting-for-publisher']],
  ] as const satisfies readonly (readonly [string, PlayerMode, (outside: Outside) => void, readonly string[]])[]) {
    it(name, () => {
      outside.player(mode).start()
      act(outside)
      assert.deepEqual(outside.names, expected)
      assert.ok(outside.unclosed <= 1)
    })
  }

  it('starts by itself when the publisher comes', () => {
    outside.player().start()
    outside.fail('no-publisher')
    outside.ready(false)
    assert.equal(outside.opened.length, 1)
    outside.ready(true)
    assert.equal(outside.opened.length, 2)
    outside.last.started(SILENT)
    outside.fail('ended')
    assert.deepEqual(outside.names.slice(1), ['waiting-for-publisher', 'connecting webrtc', 'playing webrtc', 'ended'])
  })

  it('does not ask in a circle while events and answers disagree', () => {
    outside.player().start()
    for (let i = 0; i < 4; i++) {
      outside.fail('no-publisher')
      outside.ready(true)
      outside.wind(500 * 2 ** i - 1)
      assert.equal(outside.opened.length, i + 1)
      outside.wind(1)
      assert.equal(outside.opened.length, i + 2)
    }
  })

  it('comes back after a loss, later each time, and at once after it has played', () => {
    outside.player('webrtc').start()
    for (const delayMs of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
      outside.fail('lost')
      const before = outside.opened.length
      outside.wind(delayMs - 1)
      assert.equal(outside.opened.length, before)
      outside.wind(1)
      assert.equal(outside.opened.length, before + 1)
    }
    outside.last.started(SILENT)
    outside.fail('lost')
    outside.wind(500)
    assert.equal(outside.names.at(-1), 'connecting webrtc')
  })

  it('tries HLS where signalling fails twice, and WebRTC again after that', () => {
    outside.player().start()
    for (const via of ['webrtc', 'webrtc', 'hls', 'webrtc']) {
      assert.equal(outside.opened.at(-1)?.via, via)
      outside.fail('lost')
      outside.wind(10_000)
    }
  })

  it('does not wait for WebRTC where it failed twice', () => {
    outside.player().start()
    for (const via of ['webrtc', 'hls', 'webrtc', 'hls', 'hls']) {
      assert.equal(outside.opened.at(-1)?.via, via)
      if (via === 'webrtc') outside.fail('cannot-connect')
      else {
        outside.last.started(SILENT)
        outside.fail('ended')
        outside.ready(false)
        outside.ready(true)
      }
    }
  })

  it('says what is missing and why it is HLS', () => {
    const player = outside.player()
    player.start()
    const missing = [{ kind: 'audio', codec: 'AAC', reason: 'WebRTC has no AAC' }] as const
    outside.last.started({ missing, hasAudio: false })
    assert.deepEqual(player.state, { name: 'playing', via: 'webrtc', missing, hasAudio: false })
    player.use('hls')
    outside.last.started(SILENT)
    assert.deepEqual(player.state, { name: 'playing', via: 'hls', ...SILENT })
    player.use('auto')
    outside.fail('cannot-connect')
    outside.last.started(SILENT)
    assert.deepEqual(player.state, { name: 'playing', via: 'hls', ...SILENT, because: { kind: 'cannot-connect', message: 'cannot-connect!' } })
  })

  it('keeps the connection when the publisher leaves for a moment', () => {
    outside.player().start()
    outside.last.started(SILENT)
    outside.last.stalled()
    outside.ready(false)
    assert.equal(outside.names.at(-1), 'ended')
    outside.ready(true)
    outside.wind(7999)
    outside.last.resumed()
    outside.wind(60_000)
    assert.equal(outside.names.at(-1), 'playing webrtc')
    assert.equal(outside.opened.length, 1)
    assert.equal(outside.unclosed, 1)
  })

  it('connects anew when nothing comes though somebody publishes', () => {
    outside.player().start()
    outside.last.started(SILENT)
    outside.last.stalled()
    outside.ready(true)
    outside.wind(8000)
    assert.equal(outside.names.at(-1), 'reconnecting')
    outside.wind(500)
    assert.equal(outside.opened.length, 2)
  })

  it('tries an unplayable stream again only with the next publisher', () => {
    outside.player('hls').start()
    outside.fail('cannot-play')
    outside.ready(true)
    assert.equal(outside.opened.length, 1)
    outside.ready(false)
    outside.ready(true)
    assert.equal(outside.opened.length, 2)
  })

  it('is deaf to what it gave up, and leaves nothing open', () => {
    const player = outside.player()
    player.start()
    const { last } = outside
    player.use('hls')
    last.started(SILENT)
    last.failed({ kind: 'refused', message: '' })
    assert.equal(outside.names.at(-1), 'connecting hls')
    outside.fail('lost')
    player.stop()
    outside.wind(60_000)
    assert.equal(outside.names.at(-1), 'stopped')
    assert.equal(outside.unclosed, 0)
  })

  it('says that fewer pictures come, and when all come again', () => {
    outside.player().start()
    outside.last.started(SILENT)
    outside.last.reduced('packets wait on the way')
    assert.deepEqual(outside.states.at(-1), { name: 'playing', via: 'webrtc', ...SILENT, reduced: 'packets wait on the way' })
    const told = outside.states.length
    outside.last.reduced('packets wait on the way')
    assert.equal(outside.states.length, told)
    outside.last.reduced(undefined)
    assert.deepEqual(outside.states.at(-1), { name: 'playing', via: 'webrtc', ...SILENT })
  })
})
