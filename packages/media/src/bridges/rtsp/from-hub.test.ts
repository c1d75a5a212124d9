import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { H264, OPUS, PCMU, packet } from '../../hub/hub-fixtures.ts'
import type { Packet } from '../../hub/packet.ts'
import { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import { decodeRtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { rtpConverters } from '../rtp/converters.ts'
import { RtspOutput, releaseRtspOutput } from './from-hub.ts'
import { RtspReader, type RtspSink } from './rtsp-reader.ts'

const WALL_MS = Date.UTC(2026, 0, 1)
const options = { cname: 'test', random32: () => 0xfeedbeef, wallClockMs: (nowMs: number) => WALL_MS + nowMs }

class Sink implements RtspSink {
  readonly frames: { track: number; frame: Uint8Array; rtp: Uint8Array; isStart: boolean }[] = []
  readonly reports: { track: number; rtcp: Uint8Array }[] = []
  sendRtp(track: Track, frame: Uint8Array, rtp: Uint8Array, isStart: boolean): void {
    this.frames.push({ track: track.index, frame, rtp, isStart })
  }
  sendRtcp(track: Track, rtcp: Uint8Array): void {
    this.reports.push({ track: track.index, rtcp })
  }
  get seqs(): string[] {
    return this.frames.map(({ track, rtp }) => `${track}:${decodeRtpPacket(rtp).seq}`)
  }
}

const start = (stream: Stream, tracks: number[]): { sink: Sink; reader: RtspReader; starts: ReturnType<RtspReader['prepare']>['starts'] } => {
  const sink = new Sink()
  const reader = new RtspReader(stream, RtspOutput.of(stream, options), tracks, sink)
  const { starts, run } = reader.prepare()
  run()
  return { sink, reader, starts }
}

const write = (stream: Stream, track: number, packets: readonly Packet[]): void => {
  for (const one of packets) stream.writePacket(stream.tracks[track] as Track, one)
}

const live = (codecs = [H264, OPUS]): Stream => {
  const stream = new Stream(codecs, rtpConverters)
  stream.begin('packets')
  return stream
}

describe('RtspReader', () => {
  test('starts with the newest key frame, and tells where the tracks begin at one moment', () => {
    const stream = live()
    write(stream, 0, [packet(0, 90_000, true), packet(1, 93_000, false), packet(65_536 + 2, 180_000, true), packet(65_536 + 3, 183_000, false)])
    write(stream, 1, [{ ...packet(5, 96_480, true), arrivalMs: 2010 }])
    const { sink, starts } = start(stream, [0, 1])
    assert.deepEqual(starts, [
      { track: 0, seq: 2, rtpTime: 180_000 },
      { track: 1, seq: 5, rtpTime: 96_000 },
    ])
    write(stream, 0, [packet(65_536 + 4, 186_000, false)])
    assert.deepEqual(sink.seqs, ['0:2', '1:5', '0:3', '0:4'])
    assert.deepEqual(
      sink.frames.map(({ isStart }) => isStart),
      [true, false, false, false],
    )
    const [first] = sink.frames
    assert.deepEqual([...(first?.frame.subarray(0, 4) ?? [])], [0x24, 0, 0, 13])
    assert.deepEqual(decodeRtpPacket(first?.rtp ?? new Uint8Array()), {
      payloadType: 96,
      marker: true,
      seq: 2,
      timestamp: 180_000,
      ssrc: 0xfeedbeef,
      payload: Uint8Array.of(2),
    })
  })

  test('waits for a key frame where the stream has none in its cache; sound does not wait', () => {
    const stream = live()
    const { sink } = start(stream, [0, 1])
    write(stream, 0, [packet(0, 0, false)])
    write(stream, 1, [packet(0, 0, true)])
    write(stream, 0, [packet(1, 3000, true), packet(2, 6000, false)])
    assert.deepEqual(sink.seqs, ['1:0', '0:1', '0:2'])
  })

  test('gives only the tracks that were set up; sound alone can start anywhere', () => {
    const stream = live([H264, PCMU])
    const { sink } = start(stream, [1])
    write(stream, 0, [packet(0, 0, true)])
    write(stream, 1, [packet(0, 0, true), packet(1, 160, true)])
    assert.deepEqual(sink.seqs, ['1:0', '1:1'])
    assert.ok(sink.frames.every(({ isStart }) => isStart))
    assert.equal(decodeRtpPacket(sink.frames[0]?.rtp ?? new Uint8Array()).payloadType, 0)
  })

  test('all readers share the bytes', () => {
    const stream = live()
    const readers = [start(stream, [0]), start(stream, [0])]
    write(stream, 0, [packet(0, 0, true)])
    const [a, b] = readers.map(({ sink }) => sink.frames[0]?.frame)
    assert.ok(a && a === b)
    for (const { reader } of readers) {
      reader.end('over')
      releaseRtspOutput(stream)
    }
    write(stream, 0, [packet(1, 3000, true)])
    assert.equal(readers[0]?.sink.frames.length, 1)
  })

  test('reports right after the first packet and every 5 s, with one clock for all tracks, and says goodbye', () => {
    const stream = live()
    const { sink, reader } = start(stream, [0, 1])
    for (let ms = 1000; ms <= 12_000; ms += 20) {
      // Pictures come 100 ms late, and the packets of sound with a delay that changes.
      write(stream, 0, [{ ...packet(ms / 20, ms * 90, true), arrivalMs: ms + 100 }])
      write(stream, 1, [{ ...packet(ms / 20, ms * 48, true), arrivalMs: ms + 100 + (ms % 60) }])
    }
    reader.end('the publisher left')
    const messages = sink.reports.map(({ track, rtcp }) => ({ track, message: decodeRtcp(rtcp)[0] }))
    const reports = messages.flatMap(({ track, message }) => (message?.type === 'sender-report' ? [{ track, message }] : []))
    assert.deepEqual(
      reports.map(({ track }) => track),
      [0, 1, 0, 1, 0, 1],
    )
    for (const { track, message } of reports) {
      const mediaMs = message.rtpTimestamp / (track === 0 ? 90 : 48)
      // The wall clock lies 100 ms after the time of the packets, which is what the fastest of them needed.
      assert.ok(Math.abs(message.ntpMs - WALL_MS - 100 - mediaMs) < 1, `track ${track}: ${message.ntpMs - WALL_MS - mediaMs}`)
    }
    assert.deepEqual(
      messages.slice(-2).map(({ track, message }) => [track, message?.type === 'bye' && message.reason]),
      [
        [0, 'the publisher left'],
        [1, 'the publisher left'],
      ],
    )
  })
})
