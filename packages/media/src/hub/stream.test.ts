import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { H264, OPUS, oneToOne, packet, unit } from './hub-fixtures.ts'
import { Layer } from './layer.ts'
import { type PacketReader, Stream, type UnitReader } from './stream.ts'
import type { Track } from './track.ts'

const unitReader = (): UnitReader & { pts: number[]; codecChanges: number } => ({
  pts: [],
  codecChanges: 0,
  onUnit(_track, { pts }) {
    this.pts.push(pts)
  },
  onCodecChange() {
    this.codecChanges++
  },
})

const packetReader = (): PacketReader & { seqs: number[] } => ({
  seqs: [],
  onPacket(_track, { seq }) {
    this.seqs.push(seq)
  },
})

const begun = (fedIn: 'units' | 'packets') => {
  const stream = new Stream([H264, OPUS], oneToOne)
  stream.begin(fedIn)
  const [video, audio] = stream.tracks as [Track, Track]
  return { stream, video, audio }
}

describe('Stream fed in units', () => {
  it('gives a late reader the units since the last key frame at once, then the live ones', () => {
    const { stream, video, audio } = begun('units')
    stream.writeUnit(video, unit(0, true))
    stream.writeUnit(video, unit(3000, true))
    stream.writeUnit(audio, unit(3001, true))
    stream.writeUnit(video, unit(6000, false))
    const reader = unitReader()
    stream.readUnits(reader)
    assert.deepEqual(reader.pts, [3000, 3001, 6000])
    stream.writeUnit(video, unit(9000, false))
    assert.deepEqual(reader.pts, [3000, 3001, 6000, 9000])
    stream.stopReadingUnits(reader)
    stream.writeUnit(video, unit(12000, false))
    assert.equal(reader.pts.length, 4)
  })

  it('makes packets only while somebody reads them, with the group of pictures in the ring', () => {
    let packetizers = 0
    const countingConverters = {
      ...oneToOne,
      makePacketizer: (track: Track) => {
        packetizers++
        return oneToOne.makePacketizer(track)
      },
    }
    const stream = new Stream([H264], countingConverters)
    stream.begin('units')
    const [video] = stream.tracks as [Track]
    stream.writeUnit(video, unit(0, true))
    stream.writeUnit(video, unit(3000, false))
    assert.equal(packetizers, 0)
    const first = packetReader()
    const second = packetReader()
    stream.readPackets(first)
    stream.readPackets(second)
    assert.deepEqual(
      stream.cachedPackets().map(({ packet }) => packet.timestamp),
      [0, 3000],
    )
    stream.writeUnit(video, unit(6000, false))
    assert.deepEqual(first.seqs, [2])
    assert.deepEqual(second.seqs, [2])
    assert.equal(packetizers, 1)
  })

  it('forgets a group of pictures that grows past the bound, and starts again at the next', () => {
    const { stream, video } = begun('units')
    stream.writeUnit(video, unit(0, true))
    for (let i = 1; i <= 9000; i++) stream.writeUnit(video, unit(i * 3000, false))
    assert.equal(stream.cachedUnits.length, 0)
    stream.writeUnit(video, unit(9001 * 3000, true))
    assert.equal(stream.cachedUnits.length, 1)
  })
})

describe('Stream fed in packets', () => {
  it('makes units for the first unit reader from the packets since the last key frame', () => {
    const { stream, video } = begun('packets')
    stream.writePacket(video, packet(0, 0, true))
    stream.writePacket(video, packet(1, 3000, true))
    stream.writePacket(video, packet(2, 6000, false))
    const reader = unitReader()
    stream.readUnits(reader)
    stream.writePacket(video, packet(3, 9000, false))
    assert.deepEqual(reader.pts, [3000, 6000, 9000])
  })

  it('gives cached packets of all tracks in the order they came', () => {
    const { stream, video, audio } = begun('packets')
    stream.writePacket(audio, packet(0, 100, true))
    stream.writePacket(video, packet(0, 3000, true))
    stream.writePacket(audio, packet(1, 3100, true))
    stream.writePacket(video, packet(1, 6000, false))
    const order = stream.cachedPackets().map(({ track, packet }) => `${track.codec.name} ${packet.timestamp}`)
    assert.deepEqual(order, ['h264 3000', 'opus 3100', 'h264 6000'])
  })
})

describe('Stream', () => {
  it('notices pictures that come in another order than they are shown, until another publisher comes', () => {
    const { stream, video, audio } = begun('packets')
    for (const [seq, time] of [0, 3000, 3000, 6000].entries()) stream.writePacket(video, packet(seq, time, seq === 0))
    stream.writePacket(audio, packet(0, 500, true))
    stream.writePacket(audio, packet(1, 400, true))
    assert.deepEqual([video.reordersPictures, audio.reordersPictures], [false, false])
    stream.writePacket(video, packet(4, 4500, false))
    assert.equal(video.reordersPictures, true)
    stream.begin('units')
    assert.equal(video.reordersPictures, false)
    for (const pts of [9000, 18_000, 12_000]) stream.writeUnit(video, unit(pts, false))
    assert.equal(video.reordersPictures, true)
  })

  it('tells readers of new parameters once', () => {
    const { stream, video } = begun('units')
    const reader = unitReader()
    stream.readUnits(reader)
    stream.setCodec(video, video.codec)
    assert.equal(reader.codecChanges, 0)
    stream.setCodec(video, { ...H264 })
    assert.equal(reader.codecChanges, 1)
    assert.equal(video.codecVersion, 1)
  })

  it('makes shared output once and closes it with its last user', () => {
    const { stream } = begun('units')
    let made = 0
    let closed = 0
    const make = () => {
      made++
      return { close: () => void closed++ }
    }
    assert.equal(stream.share('flv', make), stream.share('flv', make))
    stream.release('flv')
    assert.equal(closed, 0)
    stream.release('flv')
    assert.deepEqual([made, closed], [1, 1])
  })

  it('ends every client once, and those who come later at once', () => {
    const { stream } = begun('units')
    const told: string[] = []
    const client = (name: string) => ({ protocol: 'test', remote: name, end: () => void told.push(name) })
    stream.addClient(client('a'))
    stream.end({ code: 'publisher-left', message: 'gone' })
    stream.end({ code: 'publisher-left', message: 'gone' })
    stream.addClient(client('b'))
    assert.deepEqual(told, ['a', 'b'])
  })
})

describe('layers of a track', () => {
  const scene = () => {
    const stream = new Stream([H264], oneToOne)
    stream.begin('packets')
    const [track] = stream.tracks
    assert.ok(track)
    const asked: number[] = []
    const layer = new Layer('l', track, (nowMs) => asked.push(nowMs))
    return { stream, track, layer, asked }
  }

  it('have rings and counts of their own, and reach those who choose', () => {
    const { stream, track, layer } = scene()
    const told: string[] = []
    stream.readPackets({ onPacket: (_track, { seq }) => told.push(`track ${seq}`) })
    stream.readPackets({
      onPacket: () => undefined,
      onLayerPacket: (of, { name }, { seq }) => told.push(`${of.index} ${name} ${seq}`),
      onLayersChange: ({ layers }) => told.push(`${layers.length} layers`),
    })
    stream.setLayers(track, [layer])
    stream.writeLayerPacket(track, layer, packet(7, 0, true))
    stream.writePacket(track, packet(0, 0, true))
    stream.begin('packets')
    assert.deepEqual(told, ['1 layers', '0 l 7', 'track 0', '0 layers'])
    assert.deepEqual([layer.track.nextSeq, layer.track.ring.randomAccessSeq, track.nextSeq], [8, 7, 1])
    assert.deepEqual(track.layers, [])
  })

  it('are asked for key frames at most once a second, and not after their publisher left', () => {
    const { stream, track, layer, asked } = scene()
    stream.setLayers(track, [layer])
    assert.deepEqual(
      [0, 500, 1000].map((nowMs) => layer.requestKeyFrame(nowMs)),
      [true, false, true],
    )
    stream.forgetPublisher()
    assert.equal(layer.requestKeyFrame(5000), false)
    assert.deepEqual(asked, [0, 1000])
  })
})
