import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aacCodec, encodeAudioSpecificConfig } from '../../codecs/aac.ts'
import type { Codec, H264Codec } from '../../codecs/codec.ts'
import { decodeAmf0 } from '../../containers/flv/amf0.ts'
import { decodeAudioTag } from '../../containers/flv/audio-tag.ts'
import { decodeVideoTag } from '../../containers/flv/video-tag.ts'
import { OPUS, oneToOne } from '../../hub/hub-fixtures.ts'
import { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { ChunkReader } from '../../protocols/rtmp/chunk-reader.ts'
import { encodeSetChunkSize } from '../../protocols/rtmp/control.ts'
import { MESSAGE_TYPE, OUT_CHUNK_SIZE } from '../../protocols/rtmp/message.ts'
import { type RtmpMuxer, type RtmpPlayer, releaseRtmpMuxer, shareRtmpMuxer } from './from-hub.ts'
import { PPS, SPS_360P, SPS_720P } from './rtmp-fixtures.ts'

const H264: H264Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: SPS_360P, pps: PPS }
const AAC = aacCodec(encodeAudioSpecificConfig(2, 48000, 2))

/** Reads what it gets as a player does; notes one word for each message. */
class TestPlayer implements RtmpPlayer {
  readonly got: string[] = []
  readonly bytes: Uint8Array[] = []
  readonly #reader = new ChunkReader()

  constructor() {
    this.#reader.push(encodeSetChunkSize(OUT_CHUNK_SIZE))
  }

  onHeader(bytes: Uint8Array): void {
    this.#read(bytes, '!')
  }

  onMedia(bytes: Uint8Array, randomAccess: boolean): void {
    this.bytes.push(bytes)
    this.#read(bytes, randomAccess ? '*' : '')
  }

  #read(bytes: Uint8Array, mark: string): void {
    for (const { type, timestampMs, payload } of this.#reader.push(bytes)) {
      const name =
        type === MESSAGE_TYPE.VIDEO ? videoWord(payload) : type === MESSAGE_TYPE.AUDIO ? decodeAudioTag(payload).type : String(decodeAmf0(payload)[0])
      this.got.push(`${mark}${name}@${timestampMs}`)
    }
  }
}

const videoWord = (payload: Uint8Array): string => {
  const tag = decodeVideoTag(payload)
  return tag.type === 'avc-picture' ? `${tag.keyFrame ? 'key' : 'inter'}+${tag.compositionMs}` : tag.type
}

const setUp = (codecs: readonly Codec[]) => {
  const stream = new Stream(codecs, oneToOne)
  const [first, second] = stream.tracks as [Track, Track]
  const write = (track: Track, ms: number, randomAccess: boolean, data: readonly Uint8Array[] = [Uint8Array.of(0x41)], compositionMs = 0): void => {
    const dts = (ms * track.clockRate) / 1000
    const unit: Unit = { pts: dts + (compositionMs * track.clockRate) / 1000, dts, randomAccess, data, arrivalMs: ms }
    stream.writeUnit(track, unit)
  }
  const join = (): [RtmpMuxer, TestPlayer] => {
    const player = new TestPlayer()
    const muxer = shareRtmpMuxer(stream)
    muxer.addPlayer(player)
    return [muxer, player]
  }
  return { stream, first, second, write, join }
}

test('a player gets headers, what came since the key frame, and what comes', () => {
  const { first, second, write, join } = setUp([H264, AAC])
  write(first, 1000, true)
  write(second, 1010, true)
  write(first, 1040, false, undefined, 80)
  const [, player] = join()
  write(first, 1080, false)
  assert.deepEqual(player.got, ['!onMetaData@0', '!avc-config@1000', '!aac-config@1000', '*key+0@1000', 'aac-frame@1010', 'inter+80@1040', 'inter+0@1080'])
})

test('all players get the very same bytes, also those that come later', () => {
  const { first, write, join } = setUp([H264])
  write(first, 0, true)
  const [, early] = join()
  write(first, 40, false)
  const [, late] = join()
  write(first, 80, false)
  assert.equal(early.bytes.length, 3)
  early.bytes.forEach((bytes, i) => {
    assert.equal(late.bytes[i], bytes)
  })
})

test('without a key frame so far a player gets sound, and pictures from the next key frame on', () => {
  const { first, second, write, join } = setUp([H264, AAC])
  const [, player] = join()
  write(first, 0, false)
  write(second, 10, true)
  write(first, 40, true)
  write(first, 80, false)
  assert.deepEqual(player.got.slice(3), ['aac-frame@10', '*key+0@40', 'inter+0@80'])
})

test('where there is no video, every frame is a place to go on from', () => {
  const { first, write, join } = setUp([AAC])
  write(first, 0, true)
  const [, player] = join()
  write(first, 21, true)
  assert.deepEqual(player.got, ['!onMetaData@0', '!aac-config@0', '*aac-frame@21'])
})

test('new parameters are sent as header that is not dropped, and the old group is forgotten', () => {
  const { stream, first, write, join } = setUp([H264])
  write(first, 0, true)
  const [, player] = join()
  stream.setCodec(first, { ...H264, sps: SPS_720P })
  const [, late] = join()
  write(first, 40, true)
  assert.deepEqual(player.got.slice(3), ['!onMetaData@0', '!avc-config@0', '*key+0@40'])
  assert.deepEqual(late.got, ['!onMetaData@0', '!avc-config@0', '*key+0@40'])
})

test('video whose parameters come later starts with them', () => {
  const { stream, first, write, join } = setUp([{ ...H264, sps: undefined, pps: undefined }])
  write(first, 0, true)
  const [, player] = join()
  stream.setCodec(first, H264)
  write(first, 40, true)
  assert.deepEqual(player.got, ['!onMetaData@0', '!onMetaData@0', '!avc-config@0', '*key+0@40'])
})

test('an unreadable parameter set of another protocol does no harm', () => {
  const { first, write, join } = setUp([{ ...H264, sps: Uint8Array.of(0x67) }])
  write(first, 0, true)
  assert.deepEqual(join()[1].got, ['!onMetaData@0'])
})

test('parameter sets and delimiters inside a unit are left out', () => {
  const { first, write, join } = setUp([H264])
  const [, player] = join()
  write(first, 0, true, [Uint8Array.of(9, 0xf0), SPS_360P, PPS, Uint8Array.of(0x65, 1)])
  write(first, 40, false, [SPS_360P])
  const [message] = player.bytes
  assert.deepEqual(message?.subarray(-6), Uint8Array.of(0, 0, 0, 2, 0x65, 1))
  assert.equal(player.bytes.length, 1)
})

test('what RTMP cannot carry is named, the rest is sent', () => {
  const { first, second, write, join } = setUp([H264, OPUS])
  const [muxer, player] = join()
  write(first, 0, true)
  write(second, 0, true)
  assert.deepEqual(muxer.missing, [OPUS])
  assert.deepEqual(player.got.slice(2), ['*key+0@0'])
})

test('after the last player nothing is encoded', () => {
  const { stream, first, write, join } = setUp([H264])
  const [muxer, player] = join()
  muxer.removePlayer(player)
  releaseRtmpMuxer(stream)
  write(first, 0, true)
  assert.deepEqual(player.bytes, [])
  assert.notEqual(join()[0], muxer)
})
