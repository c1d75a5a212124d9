import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeNack, encodePli } from '@millrace/media/protocols/rtp/rtcp-feedback.ts'
import { writeRtpHeader } from '@millrace/media/protocols/rtp/rtp-packet.ts'
import fc from 'fast-check'
import { FLIGHT_MS, FlightRecorder } from './flight-recorder.ts'

const setUp = () => {
  const clock = { nowMs: 1000 }
  const recorder = new FlightRecorder(() => clock.nowMs)
  return { clock, recorder, bundle: () => recorder.bundle((atMs) => 5_000_000 + atMs) }
}

describe('the flight recorder', () => {
  it('keeps the headers of RTP, from their place in the sender’s memory, and no media', () => {
    const { recorder, bundle } = setUp()
    const memory = new Uint8Array(64).fill(0xab)
    writeRtpHeader(memory, 16, 102, true, 65_535, 4_000_000_000, 3_000_000_000)
    recorder.rtp('out', memory, 16, 40)
    memory.fill(0)
    const { rtp } = bundle()
    assert.deepEqual(rtp.columns, ['time', 'direction', 'ssrc', 'payloadType', 'marker', 'seq', 'timestamp', 'size'])
    assert.deepEqual(rtp.packets, [[5_001_000, 'out', 3_000_000_000, 102, 1, 65_535, 4_000_000_000, 40]])
  })

  it('keeps RTCP of both directions, decoded, and what cannot be decoded', () => {
    const { recorder, bundle } = setUp()
    const packet = encodePli({ senderSsrc: 1, mediaSsrc: 2 })
    recorder.rtcp('in', packet)
    packet.fill(0)
    recorder.rtcp('out', encodeNack({ senderSsrc: 1, mediaSsrc: 2, seqs: [7, 9] }))
    recorder.rtcp('in', Uint8Array.of(0x80, 200, 0, 9))
    const [pli, nack, broken] = bundle().rtcp
    assert.deepEqual(pli, { time: 5_001_000, direction: 'in', messages: [{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }] })
    assert.deepEqual(nack, { time: 5_001_000, direction: 'out', messages: [{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, seqs: [7, 9] }] })
    assert.match(JSON.stringify(broken?.messages), /"type":"broken","code":"rtcp\/truncated",.*"body":"80c80009"/)
  })

  it('forgets packets after a minute, and never what the session began with', () => {
    const { clock, recorder, bundle } = setUp()
    recorder.note('offer', 'v=0')
    recorder.rtp('in', new Uint8Array(12), 0, 12)
    recorder.rtcp('in', encodePli({ senderSsrc: 1, mediaSsrc: 2 }))
    for (let i = 0; i < 2000; i++) recorder.note('ice-check', `check ${i}`)
    clock.nowMs += FLIGHT_MS + 1
    recorder.rtp('in', new Uint8Array(12), 0, 12)
    const { notes, rtcp, rtp } = bundle()
    assert.deepEqual([rtcp.length, rtp.packets.length], [0, 1])
    assert.deepEqual([notes.length, notes[0]?.text, notes.at(-1)?.text], [512, 'v=0', 'check 1999'])
  })

  it('is bounded, whatever comes', () => {
    const { recorder, bundle } = setUp()
    for (let i = 0; i < 40_000; i++) recorder.rtp('out', Uint8Array.of(0x80, 96, i >> 8, i), 0, 4)
    for (let i = 0; i < 10_000; i++) recorder.rtcp('in', Uint8Array.of(1))
    const { rtcp, rtp } = bundle()
    assert.deepEqual([rtp.packets.length, rtcp.length], [32_768, 4096])
    assert.equal(rtp.packets.at(-1)?.[5], 39_999)
  })

  it('takes any bytes, and its bundle is JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const { recorder, bundle } = setUp()
        recorder.rtcp('in', bytes)
        recorder.rtp('in', bytes, 0, bytes.length)
        assert.equal((JSON.parse(JSON.stringify(bundle())) as ReturnType<typeof bundle>).rtcp.length, 1)
      }),
    )
  })
})
