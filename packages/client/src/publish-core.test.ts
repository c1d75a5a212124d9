import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type PublicationListener, PublishCore } from './publish-core.ts'

describe('PublishCore', () => {
  let states: string[]
  let opened: { listener: PublicationListener; closed: boolean }[]
  let timers: { callback: () => void; delayMs: number }[]
  let nowMs: number
  let core: PublishCore

  beforeEach(() => {
    states = []
    opened = []
    timers = []
    nowMs = 0
    core = new PublishCore({
      open: (listener) => {
        const publication = { listener, closed: false }
        opened.push(publication)
        return { close: () => void (publication.closed = true) }
      },
      setTimer: (callback, delayMs) => {
        const timer = { callback, delayMs }
        timers.push(timer)
        return () => void (timers = timers.filter((other) => other !== timer))
      },
      now: () => nowMs,
      random: () => 1,
      onState: ({ name }) => states.push(name),
    })
  })

  const last = (): PublicationListener => {
    const publication = opened.at(-1)
    assert.ok(publication)
    return publication.listener
  }
  const ring = (): number => {
    const timer = timers.shift()
    assert.ok(timer)
    timer.callback()
    return timer.delayMs
  }

  it('tries again after a loss, later each time, and at once after it was live', () => {
    core.start()
    const delays: number[] = []
    for (let attempt = 0; attempt < 6; attempt++) {
      last().failed({ kind: 'lost', message: '' })
      delays.push(ring())
    }
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 10_000])
    last().live()
    last().failed({ kind: 'lost', message: '' })
    assert.equal(ring(), 500)
    assert.ok(opened.slice(0, -1).every(({ closed }) => closed))
  })

  for (const kind of ['busy', 'refused', 'cannot-carry'] as const) {
    it(`does not try again when it is ${kind}`, () => {
      core.start()
      last().failed({ kind, message: '' })
      assert.deepEqual(states, ['connecting', 'failed'])
      assert.deepEqual(timers, [])
    })
  }

  it('waits for the server to forget its own lost session, but not for another publisher', () => {
    core.start()
    last().live()
    nowMs = 10_000
    last().failed({ kind: 'lost', message: '' })
    ring()
    nowMs = 45_000
    last().failed({ kind: 'busy', message: '' })
    assert.equal(core.state.name, 'reconnecting')
    ring()
    nowMs = 55_000
    last().failed({ kind: 'busy', message: '' })
    assert.equal(core.state.name, 'failed')
  })

  it('is not stopped by the session that it began anew itself', () => {
    core.start()
    core.start()
    last().failed({ kind: 'busy', message: '' })
    assert.equal(core.state.name, 'reconnecting')
  })

  it('hears nothing more of what was given up', () => {
    core.start()
    const old = last()
    core.stop()
    old.live()
    old.failed({ kind: 'lost', message: '' })
    assert.deepEqual(states, ['connecting', 'stopped'])
    assert.deepEqual(timers, [])
  })

  it('goes on after an interruption', () => {
    core.start()
    last().live()
    last().interrupted()
    last().live()
    assert.deepEqual(states, ['connecting', 'live', 'interrupted', 'live'])
    assert.equal(opened.length, 1)
  })
})
