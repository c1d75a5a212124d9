import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BandwidthEstimator } from './bandwidth-estimator.ts'
import { SendHistory } from './send-history.ts'
import { type LinkConditions, SimulatedLink, SimulatedReceiver } from './simulated-link.ts'

const STREAM_BPS = 2_000_000
const PACKET_BYTES = 1200
const FRAME_MS = 40
const FEEDBACK_MS = 50

const WIDE: LinkConditions = { capacityBps: 20_000_000, delayMs: 20, queueMs: 300, loss: 0, jitterMs: 0 }
const NARROW: LinkConditions = { ...WIDE, capacityBps: 0.7 * STREAM_BPS }

/** Pictures of 25 a second, as many of them as the estimate allows, over a path that changes. */
class Scene {
  readonly estimator = new BandwidthEstimator()
  readonly link: SimulatedLink
  worstQueueMs = 0
  readonly #history = new SendHistory()
  readonly #receiver = new SimulatedReceiver()
  #nowMs = 0
  #creditBytes = 0

  constructor(conditions: LinkConditions) {
    this.link = new SimulatedLink(conditions)
  }

  /** @returns the estimates after each second, of what the stream needs */
  run(seconds: number, conditions?: LinkConditions): number[] {
    if (conditions) this.link.conditions = conditions
    const estimates: number[] = []
    this.worstQueueMs = 0
    for (const end = this.#nowMs + seconds * 1000; this.#nowMs < end; this.#nowMs += 10) {
      if (this.#nowMs % FRAME_MS === 0) this.#sendPicture()
      if (this.#nowMs % FEEDBACK_MS === 0) this.#feedBack()
      this.worstQueueMs = Math.max(this.worstQueueMs, this.estimator.trend.standingMs)
      if ((this.#nowMs + 10) % 1000 === 0) estimates.push(this.estimator.estimateBps / STREAM_BPS)
    }
    return estimates
  }

  #sendPicture(): void {
    this.#creditBytes += (Math.min(STREAM_BPS, this.estimator.estimateBps) * FRAME_MS) / 8000
    for (; this.#creditBytes >= PACKET_BYTES; this.#creditBytes -= PACKET_BYTES) {
      const seq = this.#history.add(this.#nowMs, PACKET_BYTES, false)
      const arrivalMs = this.link.send(this.#nowMs, PACKET_BYTES)
      // The receiver's clock is another one.
      if (arrivalMs !== undefined) this.#receiver.onPacket(seq, arrivalMs)
    }
  }

  #feedBack(): void {
    const made = this.#receiver.feedback(this.#nowMs)
    if (!made) return
    const arrivalsMs = made.arrivalsMs.map((arrivalMs) => arrivalMs && (arrivalMs + 1_073_741_000) % (2 ** 24 * 64))
    const feedback = { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, feedbackCount: 0, baseSeq: made.baseSeq, arrivalsMs } as const
    this.estimator.onFeedback(this.#nowMs, feedback, this.#history, 2 * this.link.conditions.delayMs)
  }
}

const least = (values: readonly number[]): number => Math.min(...values)
const most = (values: readonly number[]): number => Math.max(...values)

/** Paths on which the stream fits: nothing may ever be taken for a sign that it does not. */
const FITTING: readonly (readonly [what: string, conditions: LinkConditions])[] = [
  ['a wide path', WIDE],
  ['little to spare', { ...WIDE, capacityBps: 1.15 * STREAM_BPS }],
  ['2 % of random loss', { ...WIDE, loss: 0.02 }],
  ['5 % of random loss', { ...WIDE, loss: 0.05 }],
  ['20 ms of jitter, with reordering', { ...WIDE, jitterMs: 20 }],
  ['jitter and loss', { ...WIDE, jitterMs: 30, loss: 0.05 }],
  ['a long way', { ...WIDE, delayMs: 200 }],
]

test('a path on which the stream fits', async (t) => {
  for (const [what, conditions] of FITTING) {
    await t.test(what, () => assert.ok(least(new Scene(conditions).run(60)) >= 1))
  }
})

test('a path that drops to 70 %: found within seconds, used well, and left when it is wide again', () => {
  const scene = new Scene(WIDE)
  scene.run(10)
  const drop = scene.run(5, NARROW)
  assert.ok(
    drop.some((estimate) => estimate < 0.7),
    `it is seen within 5 s: ${drop}`,
  )
  const narrow = scene.run(60)
  assert.ok(most(narrow) < 0.8, `it does not climb past what the path carries: ${narrow}`)
  assert.ok(least(narrow) > 0.45, `nor falls far below: ${narrow}`)
  assert.ok(scene.worstQueueMs < 150, `the queue stays short: ${scene.worstQueueMs} ms`)
  const wide = scene.run(20, WIDE)
  assert.ok((wide.at(-1) ?? 0) >= 1, `it climbs again: ${wide}`)
})

test('a path that drops what is too much instead of queueing it', () => {
  const scene = new Scene(WIDE)
  scene.run(5)
  scene.run(5, { ...NARROW, queueMs: 35 })
  const narrow = scene.run(60)
  assert.ok(most(narrow) < 1 && least(narrow) > 0.4, String(narrow))
})

test('10 % and more of loss that less sending does not cure is taken for the path, and not answered again and again', () => {
  const scene = new Scene({ ...WIDE, loss: 0.15 })
  const estimates = scene.run(60)
  assert.ok(least(estimates) > 0.5, String(estimates))
  assert.ok((estimates.at(-1) ?? 0) >= 1, String(estimates))
})

test('many changes in turn neither blow it up nor wear it down', () => {
  const scene = new Scene(WIDE)
  for (let round = 0; round < 5; round++) {
    scene.run(10, NARROW)
    assert.ok((scene.run(25, WIDE).at(-1) ?? 0) >= 1)
  }
})
