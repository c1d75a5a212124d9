import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReportEstimator } from './report-estimator.ts'
import { type LinkConditions, SimulatedLink } from './simulated-link.ts'

const STREAM_BPS = 2_000_000
const PACKET_BYTES = 1250
const WIDE: LinkConditions = { capacityBps: 20_000_000, delayMs: 20, queueMs: 300, loss: 0, jitterMs: 0 }
const NARROW: LinkConditions = { ...WIDE, capacityBps: 0.7 * STREAM_BPS }

/** Packets at the estimate, and a report each second with the round trip of the newest packet that came. */
class Scene {
  readonly estimator = new ReportEstimator()
  readonly link = new SimulatedLink(WIDE)
  /** Added to the way back. */
  backMs = 20
  #nowMs = 0
  #seq = 0
  #lost = 0
  #rttMs = 0
  #nextMs = 0

  /** @returns the estimates after each second, of what the stream needs */
  run(seconds: number, conditions: LinkConditions): number[] {
    this.link.conditions = conditions
    const estimates: number[] = []
    for (const end = this.#nowMs + seconds * 1000; this.#nowMs < end; this.#nowMs++) {
      for (; this.#nextMs <= this.#nowMs; this.#nextMs += (PACKET_BYTES * 8000) / Math.min(STREAM_BPS, this.estimator.estimateBps)) this.#send()
      if (this.#nowMs % 1000 !== 999) continue
      this.estimator.onReport(this.#nowMs, { rttMs: this.#rttMs, lost: this.#lost, highestSeq: this.#seq, octets: this.#seq * PACKET_BYTES })
      estimates.push(this.estimator.estimateBps / STREAM_BPS)
    }
    return estimates
  }

  #send(): void {
    const arrivalMs = this.link.send(this.#nowMs, PACKET_BYTES)
    this.#seq++
    if (arrivalMs === undefined) this.#lost++
    else this.#rttMs = arrivalMs - this.#nowMs + this.backMs
  }
}

test('without transport-wide feedback a narrow path is found by the round trip, and left again', () => {
  const scene = new Scene()
  assert.equal(scene.run(10, WIDE).at(-1), Number.POSITIVE_INFINITY)
  const narrow = scene.run(60, NARROW)
  const settled = narrow.slice(10)
  assert.ok(Math.max(...settled) < 0.9 && Math.min(...settled) > 0.4, String(settled))
  assert.ok((scene.run(30, WIDE).at(-1) ?? 0) >= 1)
})

test('a path that drops what is too much is found by loss', () => {
  const scene = new Scene()
  scene.run(5, WIDE)
  const estimates = scene.run(40, { ...NARROW, queueMs: 10 })
  assert.ok(Math.min(...estimates) < 0.75, String(estimates))
})

test('10 % of random loss, and a way back that became slow, are nothing that less sending cures', () => {
  const scene = new Scene()
  assert.equal(scene.run(40, { ...WIDE, loss: 0.1 }).at(-1), Number.POSITIVE_INFINITY)
  scene.backMs = 400
  scene.run(10, WIDE)
  assert.ok((scene.run(40, WIDE).at(-1) ?? 0) >= 1)
})
