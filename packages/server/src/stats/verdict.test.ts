import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Culprit, type Evidence, judge, type VerdictInput } from './verdict.ts'

const camera: Evidence = { seconds: 10, bitrateKbps: 2000, silentSeconds: 0, gaps: 0, packets: 2000, lost: 0, jitterMs: 5 }
const watching: Evidence = { ...camera, rttMs: 30, repeated: 0, dropped: 0, framesReceived: 250, framesDecoded: 250, framesDropped: 0, freezes: 0, frozenMs: 0 }
const well: VerdictInput = { publisher: camera, reader: watching, loopDelayMs: 3 }

const CASES: readonly [title: string, input: VerdictInput, culprit: Culprit, evidence: RegExp][] = [
  ['nothing is wrong', well, 'none', /2000 kbit\/s, 0 % .* 25 pictures a second decoded/],
  ['a player that does not report', { ...well, reader: camera }, 'none', /the player does not report/],
  ['nobody publishes', { ...well, publisher: undefined }, 'camera', /no publisher/],
  ['the camera stopped 3 s ago', { ...well, publisher: { ...camera, silentSeconds: 3 } }, 'camera', /nothing has come from it for 3 s/],
  ['one second of silence at the end may be nothing', { ...well, publisher: { ...camera, silentSeconds: 1 } }, 'none', /kbit/],
  ['the camera stutters', { ...well, publisher: { ...camera, gaps: 2 } }, 'camera', /2 of 10 seconds/],
  ['the camera sends in bursts', { ...well, publisher: { ...camera, jitterMs: 240 } }, 'camera', /240 ms of jitter/],
  [
    'the publisher loses packets',
    { ...well, publisher: { ...camera, packets: 1900, lost: 100 } },
    'uplink',
    /100 of 2000 packets of the publisher lost \(5 %\)/,
  ],
  ['an uplink that loses everything', { ...well, publisher: { ...camera, silentSeconds: 4, lost: 200 } }, 'uplink', /200 of 2200/],
  ['an uplink whose losses are mended', { ...well, publisher: { ...camera, repeated: 160 } }, 'uplink', /8 % of its packets came only when/],
  ['loss that retransmission mends', { ...well, publisher: { ...camera, lost: 20 } }, 'none', /kbit/],
  ['the server is late', { ...well, loopDelayMs: 350 }, 'server', /350 ms late/],
  ['the viewer loses packets', { ...well, reader: { ...watching, lost: 160 } }, 'downlink', /160 of 2160 packets lost \(7.4 %\)/],
  ['much is sent again', { ...well, reader: { ...watching, repeated: 150 } }, 'downlink', /7.5 % of the packets sent again/],
  ['a satellite', { ...well, reader: { ...watching, rttMs: 640 } }, 'downlink', /640 ms of round trip/],
  ['a TCP reader that is too slow', { ...well, reader: { ...camera, dropped: 40 } }, 'downlink', /40 left out/],
  [
    'too narrow a path',
    { ...well, reader: { ...watching, estimateKbps: 900, freezes: 1, frozenMs: 600 } },
    'downlink',
    /carries about 900 kbit\/s, the stream has 2000/,
  ],
  ['a low estimate that hurts nobody', { ...well, reader: { ...watching, estimateKbps: 900 } }, 'none', /kbit/],
  ['a weak decoder', { ...well, reader: { ...watching, framesDecoded: 120 } }, 'decoder', /120 of 250 pictures/],
  ['pictures that come too late to be shown', { ...well, reader: { ...watching, framesDropped: 60 } }, 'decoder', /60 pictures dropped/],
  ['a freeze though the packets came', { ...well, reader: { ...watching, freezes: 2, frozenMs: 1250 } }, 'decoder', /2 freezes, 1.3 s together/],
  [
    'the uplink goes before what follows from it',
    { publisher: { ...camera, lost: 400 }, reader: { ...watching, lost: 400, freezes: 3 }, loopDelayMs: 200 },
    'uplink',
    /400/,
  ],
  ['a publisher by itself', { publisher: camera, loopDelayMs: 1 }, 'none', /2000 kbit\/s/],
]

describe('the verdict', () => {
  it('says whether what the downlink loses shows', () => {
    const lossy = { ...watching, lost: 160 }
    assert.match(judge({ ...well, reader: lossy }).text, /does not show in the picture/)
    assert.match(judge({ ...well, reader: { ...lossy, freezes: 1 } }).text, /too slow/)
    assert.match(judge({ ...well, reader: { ...lossy, framesReceived: undefined, framesDecoded: undefined } }).text, /too slow/)
  })

  for (const [title, input, culprit, evidence] of CASES) {
    it(title, () => {
      const verdict = judge(input)
      assert.equal(verdict.culprit, culprit, JSON.stringify(verdict))
      assert.match(verdict.evidence.join(', '), evidence)
      assert.match(verdict.text, /^[A-Z].*\.$/)
    })
  }
})
