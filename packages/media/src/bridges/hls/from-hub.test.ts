import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AAC, H264, OPUS, picture, sound } from '../../../test/hls/fixtures.ts'
import type { Codec } from '../../codecs/codec.ts'
import { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { HlsMuxer, hlsTracks } from './from-hub.ts'

const PCMU: Codec = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 }

const makeStream = (codecs: readonly Codec[]): Stream => {
  const stream = new Stream(codecs, {
    makePacketizer: () => ({ push: () => [] }),
    makeDepacketizer: () => ({ push: () => [] }),
  })
  stream.begin('units')
  return stream
}

const makeMuxer = (stream: Stream): HlsMuxer =>
  new HlsMuxer(stream, {
    run: 'a',
    lowLatency: true,
    segmentDurationMs: 1000,
    partDurationMs: 200,
    segmentCount: 7,
    wallClockMs: (ms) => ms,
    onChange: () => {},
  })

const write = (stream: Stream, kind: 'video' | 'audio', fromS: number, toS: number): void => {
  const track = stream.tracks.find((candidate) => candidate.codec.kind === kind) as Track
  const step = kind === 'video' ? 0.04 : 1024 / 48000
  for (let i = 0; fromS + i * step < toS; i++) stream.writeUnit(track, kind === 'video' ? picture(fromS + i * step, i % 25 === 0) : sound(fromS + i * step))
}

describe('HLS muxer', () => {
  it('starts with the units that the stream has kept', () => {
    const stream = makeStream([H264])
    write(stream, 'video', 0, 1.9)
    const muxer = makeMuxer(stream)
    assert.equal(muxer.nextPart, 4)
    assert.match(muxer.multivariantPlaylist() ?? '', /CODECS="avc1\.42C01E"/)
    assert.equal(muxer.ready, false)
    write(stream, 'video', 2, 2.1)
    assert.equal(muxer.ready, true)
    assert.match(muxer.mediaPlaylist() ?? '', /#EXTINF:1\.00000,\nsegment-a-1\.mp4\n/)
  })

  it('carries one video and one audio, and names the rest', () => {
    const { carried, missing } = hlsTracks(makeStream([PCMU, H264, AAC, OPUS]))
    assert.deepEqual(
      [carried.map((track) => track.index), missing],
      [
        [1, 2],
        [PCMU, OPUS],
      ],
    )
  })

  it('waits for the parameter sets of the video', () => {
    const stream = makeStream([{ ...H264, sps: undefined, pps: undefined }, AAC])
    const muxer = makeMuxer(stream)
    write(stream, 'video', 0, 1)
    assert.equal(muxer.multivariantPlaylist(), undefined)
    stream.setCodec(stream.tracks[0] as Track, H264)
    write(stream, 'video', 1, 2)
    assert.match(muxer.multivariantPlaylist() ?? '', /CODECS="avc1\.42C01E,mp4a\.40\.2"/)
  })

  it('a video whose parameter sets cannot be read is as one that does not come', () => {
    const stream = makeStream([{ ...H264, sps: Uint8Array.of(0x67) }, AAC])
    const muxer = makeMuxer(stream)
    write(stream, 'video', 0, 1)
    write(stream, 'audio', 0, 7)
    assert.match(muxer.multivariantPlaylist() ?? '', /CODECS="mp4a\.40\.2"/)
  })

  it('sound plays alone when the video does not come, and ends when it does', () => {
    const stream = makeStream([H264, AAC])
    const muxer = makeMuxer(stream)
    write(stream, 'audio', 0, 4.9)
    assert.equal(muxer.multivariantPlaylist(), undefined)
    write(stream, 'audio', 4.9, 6.5)
    assert.match(muxer.multivariantPlaylist() ?? '', /CODECS="mp4a\.40\.2"/)
    write(stream, 'video', 6.5, 6.6)
    assert.equal(muxer.ended, true)
    assert.match(muxer.mediaPlaylist() ?? '', /#EXT-X-ENDLIST/)
  })

  it('makes the playlist once for all viewers', () => {
    const stream = makeStream([H264])
    const muxer = makeMuxer(stream)
    write(stream, 'video', 0, 1.1)
    const [before, version] = [muxer.mediaPlaylist(), muxer.nextPart]
    assert.equal(muxer.mediaPlaylist(), before)
    write(stream, 'video', 1.12, 1.5)
    assert.ok(muxer.nextPart > version && muxer.mediaPlaylist() !== before)
  })
})
