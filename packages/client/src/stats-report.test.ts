import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { playerReportOf, StatsReporter } from './stats-report.ts'

describe('a player’s report', () => {
  it('has what the browser tells of the video, and nothing else', () => {
    const stats = new Map<string, object>([
      ['A', { type: 'inbound-rtp', kind: 'audio', packetsLost: 5 }],
      ['V', { type: 'inbound-rtp', kind: 'video', framesDecoded: 100, framesDropped: 0, packetsLost: -1, decoderImplementation: 'x', freezeCount: 'many' }],
    ])
    assert.deepEqual(playerReportOf(stats, 5000), { timeMs: 5000, framesDecoded: 100, framesDropped: 0, packetsLost: -1 })
    assert.equal(playerReportOf(new Map(), 5000), undefined)
  })

  const posts = async (statuses: (number | Error)[], resources: (string | undefined)[]): Promise<string[]> => {
    const urls: string[] = []
    const reporter = new StatsReporter((url) => {
      urls.push(url)
      const status = statuses.shift() ?? 204
      return status instanceof Error ? Promise.reject(status) : Promise.resolve({ status, json: async () => ({}) })
    })
    for (const resource of resources) await reporter.report(resource, { timeMs: 1 })
    return urls
  }

  it('goes to the session’s resource once there is one', async () => {
    assert.deepEqual(await posts([], [undefined, 'http://host/cam/whep/1']), ['http://host/cam/whep/1/report'])
  })

  it('goes on after a failure or a refusal of the moment, and stops where it is not wanted until there is a new session', async () => {
    const sent = await posts([new Error('no network'), 429, 404], ['/1', '/1', '/1', '/1', '/2'])
    assert.deepEqual(sent, ['/1/report', '/1/report', '/1/report', '/2/report'])
  })

  for (const [status, body, expected] of [
    [204, undefined, undefined],
    [200, { reduced: 'packets wait on the way' }, 'packets wait on the way'],
    [200, { reduced: 5 }, undefined],
    [429, { detail: 'too many' }, null],
  ] as const) {
    it(`an answer ${status} ${JSON.stringify(body)} means ${JSON.stringify(expected)}`, async () => {
      const reporter = new StatsReporter(async () => ({ status, json: async () => body }))
      assert.equal(await reporter.report('/1', { timeMs: 1 }), expected)
    })
  }
})
