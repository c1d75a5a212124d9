import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { stopChildren, until } from './harness/child.ts'
import { ffprobe } from './harness/readers.ts'
import { CONDITIONS, type Condition, WATCHABLE } from './lab/conditions.ts'
import { Lab } from './lab/lab.ts'
import { isReached, type Outcome, outcomeLine, Trials } from './lab/trial.ts'
import { sample, watch } from './lab/whep-page.ts'
import { publish, sent } from './lab/whip-page.ts'

/** Measured for each path, in seconds. `npm run bench -- loss` has the whole table, and measures longer. */
const SECONDS = 10
/** Viewers at the same time. */
const PLACES = 2

/** Of the table, what is shown each time. */
const SHOWN = [
  'no loss',
  '1 % lost',
  '2 % lost',
  '5 % lost',
  '10 % lost',
  '5 % lost, 40 ms round trip',
  'bursts of 10 lost',
  '1 in 10 later by 20 ms',
  'link of 70 % of the stream',
]

const conditionOf = (name: string): Condition => {
  const condition = CONDITIONS.find((candidate) => candidate.name === name)
  assert.ok(condition, `no condition ${name}`)
  return condition
}

const refusal = await Lab.refusal()

describe('a viewer behind a bad network', { skip: refusal ?? false }, () => {
  let trials: Trials
  before(async () => {
    trials = await Trials.start(PLACES)
  })
  after(async () => {
    await trials?.stop()
    await stopChildren()
  })

  const run = (name: string): Promise<Outcome> => trials.run(conditionOf(name), SECONDS)

  describe('loss, reordering and a narrow link', { concurrency: PLACES }, () => {
    for (const name of SHOWN) {
      it(`${name}: the picture goes on`, { timeout: 60_000 }, async (test) => {
        const { aim = WATCHABLE } = conditionOf(name)
        const outcome = await run(name)
        test.diagnostic(outcomeLine(outcome))
        assert.ok(outcome.decodedOfSent >= aim.decodedOfSent, `of the pictures that were sent ${aim.decodedOfSent * 100} % are decoded`)
        assert.ok(outcome.decodedOfReceived >= aim.decodedOfReceived, `of the pictures that came ${aim.decodedOfReceived * 100} % are decoded`)
        assert.ok(outcome.longestGapMs <= aim.longestGapMs, `no freeze over ${aim.longestGapMs} ms`)
        if (/\d % lost/.test(name)) assert.ok(outcome.nacks > 0, 'packets were lost: the browser asked for some')
      })
    }
  })

  it('without retransmission 5 % of loss ruins the picture', { timeout: 60_000 }, async (test) => {
    const outcome = await run('5 % lost, no retransmission')
    test.diagnostic(outcomeLine(outcome))
    assert.equal(outcome.nacks, 0)
    assert.ok(!isReached(outcome), 'the same aims are missed, so the path is really bad')
  })

  it('where no UDP passes, WebRTC connects by TCP', { timeout: 60_000 }, async (test) => {
    await trials.lab.impair({ noUdp: true }, trials.server.ports.ice)
    const page = await (await trials.browser()).newPage()
    const { afterMs, protocol } = await watch(page, trials.url('lab/whep'), { retransmission: true })
    test.diagnostic(`connected after ${afterMs.toFixed(0)} ms by ${protocol}`)
    assert.equal(protocol, 'tcp')
    assert.ok(afterMs < 3000, 'within 3 s')
    const before = await sample(page)
    await until('it plays on', 10_000, async () => (await sample(page)).framesDecoded > before.framesDecoded + 60)
    await page.close()
  })

  it('where no UDP passes, a browser publishes by TCP, and hears the server', { timeout: 60_000 }, async (test) => {
    await trials.lab.impair({ noUdp: true }, trials.server.ports.ice)
    const page = await (await trials.browser()).newPage()
    const afterMs = await publish(page, trials.url('tcp/whip'))
    test.diagnostic(`connected after ${afterMs.toFixed(0)} ms`)
    assert.ok(afterMs < 3000, 'within 3 s')
    const streams = await ffprobe(trials.server.url('rtsp', 'tcp'), ['-rtsp_transport', 'tcp'])
    const pictures = Number(streams.find(({ codec_name }) => codec_name === 'vp8')?.nb_read_frames)
    assert.ok(pictures >= 45, `only ${pictures} pictures decoded in three seconds`)
    const { protocol } = await until('receiver reports and feedback come', 10_000, async () => {
      const now = await sent(page)
      return now.roundTripSeconds > 0 && now.allowedBps > 500_000 && now
    })
    assert.equal(protocol, 'tcp')
    await page.close()
  })
})
