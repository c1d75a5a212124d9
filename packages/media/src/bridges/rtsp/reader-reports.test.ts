import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { Hub } from '../../hub/hub.ts'
import { H264, PCMU, publisher } from '../../hub/hub-fixtures.ts'
import { wallMsToNtp } from '../../protocols/rtp/ntp.ts'
import { encodeReceiverReport, type ReportBlock } from '../../protocols/rtp/rtcp-report.ts'
import { rtpConverters } from '../rtp/converters.ts'
import { ReaderReports } from './reader-reports.ts'

const SSRC = 100
const SENT_MS = 1_700_000_000_000

const makeReports = (): ReaderReports => {
  const { stream } = new Hub({ converters: rtpConverters, republishGraceMs: 0 }).publish('a', [PCMU, H264], 'packets', publisher(), 0)
  return new ReaderReports(stream, ({ index }) => SSRC + index)
}

const block = (fields: Partial<ReportBlock>): ReportBlock => ({
  ssrc: SSRC,
  fractionLost: 0,
  cumulativeLost: 0,
  highestSeq: 1000,
  jitter: 0,
  lastSenderReport: Number((wallMsToNtp(SENT_MS) >> 16n) & 0xffff_ffffn),
  delaySinceLastSenderReport: 65_536,
  ...fields,
})

test('counts what is lost of all tracks, and takes the video’s jitter', () => {
  const reports = makeReports()
  assert.deepEqual([reports.lost, reports.jitterMs, reports.rttMs], [undefined, undefined, undefined])
  reports.learn(SENT_MS + 1040, encodeReceiverReport({ ssrc: 7, reports: [block({ cumulativeLost: 3, jitter: 80 })], cname: 'player' }))
  assert.deepEqual([reports.lost, reports.jitterMs, Math.round(reports.rttMs ?? 0)], [3, 10, 40])
  reports.learn(SENT_MS + 1020, encodeReceiverReport({ ssrc: 7, reports: [block({ ssrc: SSRC + 1, cumulativeLost: 2, jitter: 450 })], cname: 'player' }))
  assert.deepEqual([reports.lost, reports.jitterMs, Math.round(reports.rttMs ?? 0)], [5, 5, 20])
})

test('duplicates are not less than nothing lost; who heard no sender report knows no round trip; others’ SSRCs do not count', () => {
  const reports = makeReports()
  reports.learn(SENT_MS, encodeReceiverReport({ ssrc: 7, reports: [block({ ssrc: 9, cumulativeLost: 50 })], cname: 'player' }))
  assert.equal(reports.lost, undefined)
  reports.learn(SENT_MS, encodeReceiverReport({ ssrc: 7, reports: [block({ cumulativeLost: -4, lastSenderReport: 0 })], cname: 'player' }))
  assert.deepEqual([reports.lost, reports.rttMs], [0, undefined])
})

test('arbitrary bytes are taken or refused', () => {
  const reports = makeReports()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        reports.learn(SENT_MS, bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
  )
})
