import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { ReceptionStats } from './reception-stats.ts'
import { decodeRtcp, isRtcp } from './rtcp.ts'
import { encodeFir, encodeNack, encodePli, encodeRemb, MAX_NACK_SEQS } from './rtcp-feedback.ts'
import { encodeBye, encodeReceiverReport, encodeSenderReport } from './rtcp-report.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const block = {
  ssrc: 0xcafe,
  fractionLost: 128,
  cumulativeLost: -2,
  highestSeq: 0x1_0005,
  jitter: 90,
  lastSenderReport: 0x11223344,
  delaySinceLastSenderReport: 65536,
}

const MESSAGES: readonly (readonly [name: string, packet: string, messages: readonly unknown[]])[] = [
  [
    'sender report of ffmpeg, with SDES',
    // SR: 83aa7e80.80000000 is half a second after 1970
    '80c80006 0000cafe 83aa7e80 80000000 00000064 00000002 000000ff 81ca0003 0000cafe 0104 61626364 0000',
    [
      { type: 'sender-report', ssrc: 0xcafe, ntpMs: 500, compactNtp: 0x7e808000, rtpTimestamp: 100, packets: 2, octets: 255, reports: [] },
      { type: 'sdes', chunks: [{ ssrc: 0xcafe, cname: 'abcd' }] },
    ],
  ],
  [
    'receiver report with one block, and BYE with a reason',
    '81c90007 00000001 0000cafe 80 fffffe 00010005 0000005a 11223344 00010000 81cb0002 00000001 0362796500000000'.slice(0, -8),
    [
      { type: 'receiver-report', ssrc: 1, reports: [block] },
      { type: 'bye', ssrcs: [1], reason: 'bye' },
    ],
  ],
  ['NACK over the wrap', '81cd0003 00000001 00000002 fffe 0005', [{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, seqs: [65534, 65535, 1] }]],
  ['PLI', '81ce0002 00000001 00000002', [{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }]],
  ['FIR', '84ce0004 00000001 00000000 00000002 07000000', [{ type: 'fir', senderSsrc: 1, entries: [{ ssrc: 2, commandSeq: 7 }] }]],
  [
    'another message of an application than REMB is not looked into',
    '8fce0003 00000001 00000000 52454d42',
    [{ type: 'unknown', packetType: 206, count: 15, body: bytes('000000010000000052454d42') }],
  ],
  ['padding', 'a0cc0002 aabbccdd 00000004', [{ type: 'unknown', packetType: 204, count: 0, body: bytes('aabbccdd') }]],
]

const BROKEN: readonly (readonly [name: string, packet: string, code: string])[] = [
  ['length past the end', '80c80006 0000cafe', 'rtcp/truncated'],
  ['header cut', '80c8', 'rtcp/truncated'],
  ['version 1', '40c80000', 'rtcp/version'],
  ['more report blocks claimed than there are', '9fc90001 00000001', 'rtcp/truncated'],
  ['SDES item past the end', '81ca0002 00000001 01ff6161', 'rtcp/truncated'],
  ['REMB of more streams than there are', '8fce0004 00000001 00000000 52454d42 0103d090', 'rtcp/truncated'],
  ['padding of 0', 'a0cc0001 aabbcc00', 'rtcp/padding'],
  ['too many messages', '80cc0000'.repeat(65), 'rtcp/too-many'],
]

test('decodeRtcp', async (t) => {
  for (const [name, packet, messages] of MESSAGES) await t.test(name, () => assert.deepEqual(decodeRtcp(bytes(packet)), messages))
  for (const [name, packet, code] of BROKEN) await t.test(name, () => assert.throws(() => decodeRtcp(bytes(packet)), { code }))
})

test('REMB has its rate as a mantissa of 18 bits and an exponent', () => {
  const exact = encodeRemb({ senderSsrc: 1, bitrateBps: 250_000, ssrcs: [0x1234] })
  assert.deepEqual(exact, bytes('8fce0005 00000001 00000000 52454d42 0103d090 00001234'))
  assert.deepEqual(decodeRtcp(exact), [{ type: 'remb', senderSsrc: 1, bitrateBps: 250_000, ssrcs: [0x1234] }])
  const cut = encodeRemb({ senderSsrc: 1, bitrateBps: 1_700_000, ssrcs: [] })
  const [exponent, mantissa] = [(cut[17] as number) >> 2, (((cut[17] as number) & 3) << 16) | ((cut[18] as number) << 8) | (cut[19] as number)]
  assert.ok(Math.abs(mantissa * 2 ** exponent - 1_700_000) < 8, `${mantissa} * 2^${exponent}`)
})

test('what is encoded is decoded to the same', () => {
  const report = { ssrc: 7, ntpMs: 1_790_000_000_123.5, rtpTimestamp: 0xffff_fff0, packets: 9, octets: 900 }
  const [sender, sdes] = decodeRtcp(encodeSenderReport({ ...report, cname: 'müller' }))
  assert.ok(sender?.type === 'sender-report')
  assert.ok(Math.abs(sender.ntpMs - report.ntpMs) < 0.01)
  assert.deepEqual({ ...sender, ntpMs: report.ntpMs }, { type: 'sender-report', ...report, compactNtp: sender.compactNtp, reports: [] })
  assert.deepEqual(sdes, { type: 'sdes', chunks: [{ ssrc: 7, cname: 'müller' }] })

  assert.deepEqual(decodeRtcp(encodeReceiverReport({ ssrc: 1, reports: [block, block], cname: 'x' }))[0], {
    type: 'receiver-report',
    ssrc: 1,
    reports: [block, block],
  })
  assert.deepEqual(decodeRtcp(encodeBye({ ssrc: 5 })), [{ type: 'bye', ssrcs: [5], reason: undefined }])
  assert.deepEqual(decodeRtcp(encodeBye({ ssrc: 5, reason: 'end of stream' })), [{ type: 'bye', ssrcs: [5], reason: 'end of stream' }])
  assert.deepEqual(decodeRtcp(encodePli({ senderSsrc: 1, mediaSsrc: 2 })), [{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }])
  const entries = [{ ssrc: 2, commandSeq: 255 }]
  assert.deepEqual(decodeRtcp(encodeFir({ senderSsrc: 1, entries })), [{ type: 'fir', senderSsrc: 1, entries }])
})

test('encodeNack packs neighbours together', () => {
  const seqs = [10, 11, 26, 27, 65535, 0]
  const nack = encodeNack({ senderSsrc: 1, mediaSsrc: 2, seqs })
  assert.equal(nack.length, 12 + 3 * 4)
  assert.deepEqual(decodeRtcp(nack), [{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, seqs }])
})

test('a NACK cannot ask for more than its bound', () => {
  const pairs = 'ffffffff'.repeat(200)
  const [nack] = decodeRtcp(bytes(`81cd00ca 00000001 00000002 ${pairs}`))
  assert.ok(nack?.type === 'nack')
  assert.equal(nack.seqs.length, MAX_NACK_SEQS)
})

test('any bytes are messages or a ProtocolError', () => {
  const seeds = [...MESSAGES, ...BROKEN].map(([, packet]) => bytes(packet))
  const mangled = fc.tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 })).map(([seed, changes]) => {
    const copy = seed.slice()
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value
    return copy
  })
  fc.assert(
    fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 80 })), (input) => {
      try {
        decodeRtcp(input)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    { numRuns: 500 },
  )
})

test('isRtcp tells RTCP from RTP with and without marker', () => {
  assert.equal(isRtcp(bytes('80c80006')), true)
  assert.equal(isRtcp(bytes('81ce0002')), true)
  assert.equal(isRtcp(bytes('80600001')), false)
  assert.equal(isRtcp(bytes('80e00001')), false)
  assert.equal(isRtcp(bytes('80c8')), false)
})

test('ReceptionStats: loss since the last report, over the wrap', () => {
  const stats = new ReceptionStats(0xcafe, 8000)
  assert.equal(stats.report(0), undefined)
  for (const [i, seq] of [65534, 65535, 1, 2].entries()) stats.onPacket(i * 20, seq, i * 160)
  stats.onSenderReport(100, 0x11223344)
  const { jitter, ...first } = stats.report(600) ?? assert.fail()
  assert.deepEqual(first, {
    ssrc: 0xcafe,
    fractionLost: 51, // one of five, in 256ths
    cumulativeLost: 1,
    highestSeq: 0x1_0002,
    lastSenderReport: 0x11223344,
    delaySinceLastSenderReport: 32768,
  })
  assert.equal(jitter, 0)
  stats.onPacket(80, 3, 640)
  stats.onPacket(80, 3, 640)
  const second = stats.report(700) ?? assert.fail()
  assert.deepEqual([second.fractionLost, second.cumulativeLost], [0, 0])
})

test('ReceptionStats: jitter is a sixteenth of each change of transit time', () => {
  const stats = new ReceptionStats(1, 90_000)
  stats.onPacket(0, 1, 0xffff_ff00)
  stats.onPacket(40, 2, (0xffff_ff00 + 1800) >>> 0) // 20 ms late, timestamps wrap
  assert.equal(stats.report(50)?.jitter, Math.floor(1800 / 16))
})
