import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Hub } from '../../hub/hub.ts'
import { H264, PCMU, publisher } from '../../hub/hub-fixtures.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Stream } from '../../hub/stream.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import { encodeSenderReport } from '../../protocols/rtp/rtcp-report.ts'
import { encodeRtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { rtpConverters } from '../rtp/converters.ts'
import { RtspReceiver } from './to-hub.ts'

// The publisher's first track is one that the hub does not take.
const MEDIA = [
  { index: 1, codec: H264, payloadType: 96 },
  { index: 2, codec: PCMU, payloadType: 0 },
]

const receive = (reorder: boolean): { receiver: RtspReceiver; stream: Stream; packets: string[] } => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  const publication = hub.publish('a', [H264, PCMU], 'packets', publisher(), 0)
  const packets: string[] = []
  publication.stream.readPackets({ onPacket: (track, packet: Packet) => packets.push(`${track.index}:${packet.seq}@${packet.timestamp}`) })
  return { receiver: new RtspReceiver(publication, MEDIA, { reorder, ssrc: 9, cname: 'test' }), stream: publication.stream, packets }
}

const rtp = (seq: number, timestamp: number, payloadType = 96): Uint8Array =>
  encodeRtpPacket({ payloadType, marker: true, seq, timestamp, ssrc: 7, payload: Uint8Array.of(0x41, 1) })

describe('RtspReceiver', () => {
  test('writes packets to their tracks, and drops those that belong to none', () => {
    const { receiver, packets } = receive(false)
    receiver.onRtp(0, 0, rtp(1, 0))
    receiver.onRtp(0, 1, rtp(65_535, 5000))
    receiver.onRtp(0, 1, rtp(0, 8000))
    receiver.onRtp(33, 2, rtp(7, 0, 0))
    receiver.onRtp(40, 1, rtp(1, 11_000, 97))
    receiver.onRtp(40, 1, Uint8Array.of(1, 2, 3))
    assert.deepEqual(packets, ['0:0@0', '0:1@3000', '1:0@264'])
    assert.equal(receiver.broken, 2)
  })

  test('puts packets of UDP in order, and goes on without what is lost', () => {
    const { receiver, packets } = receive(true)
    for (const seq of [1, 3, 2, 5]) receiver.onRtp(0, 1, rtp(seq, seq * 3000))
    assert.deepEqual(packets, ['0:0@0', '0:1@3000', '0:2@6000'])
    receiver.expire(1000)
    assert.deepEqual(packets.at(-1), '0:4@12000')
  })

  test('places the tracks by RTP-Info', () => {
    const { receiver, packets } = receive(false)
    receiver.setRtpInfo(1, 90_000)
    receiver.setRtpInfo(2, 800)
    receiver.onRtp(0, 1, rtp(0, 93_600))
    receiver.onRtp(500, 2, rtp(0, 1120, 0))
    assert.deepEqual(packets, ['0:0@3600', '1:0@320'])
  })

  test('reports what came and what was lost', () => {
    const { receiver } = receive(false)
    assert.deepEqual(receiver.receiverReports(0), [])
    for (const seq of [1, 2, 4]) receiver.onRtp(0, 1, rtp(seq, seq * 3000))
    receiver.onRtcp(100, 1, encodeSenderReport({ ssrc: 7, ntpMs: 1e12, rtpTimestamp: 3000, packets: 3, octets: 6, cname: 'p' }))
    const [report, ...others] = receiver.receiverReports(600)
    assert.ok(report && others.length === 0)
    assert.equal(report.mediaIndex, 1)
    const [message] = decodeRtcp(report.bytes)
    assert.ok(message?.type === 'receiver-report')
    const [block] = message.reports
    assert.deepEqual([message.ssrc, block?.ssrc, block?.cumulativeLost, block?.fractionLost, block?.delaySinceLastSenderReport], [9, 7, 1, 64, 32_768])
  })

  test('any bytes are taken or counted', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.boolean(), fc.uint8Array({ maxLength: 40 })), { maxLength: 10 }), (inputs) => {
        const { receiver } = receive(true)
        for (const [index, isRtcp, bytes] of inputs) {
          bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f)
          if (isRtcp) receiver.onRtcp(0, index, bytes)
          else receiver.onRtp(0, index, bytes)
        }
        receiver.expire(1000)
      }),
    )
  })
})
