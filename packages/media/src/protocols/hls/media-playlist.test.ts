import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AAC, H264, hex } from '../../../test/hls/fixtures.ts'
import { encodeMediaPlaylist } from './media-playlist.ts'
import { encodeMultivariantPlaylist } from './multivariant-playlist.ts'
import { ResourceNames } from './resource-names.ts'
import { SegmentWindow } from './segment-window.ts'

const NAMES = new ResourceNames('k3')
const INIT = { index: 0, bytes: hex('00') }
const NEW_INIT = { index: 1, bytes: hex('01') }
const DATE_MS = Date.UTC(2030, 0, 2, 3, 4, 5, 678)

/** Three segments of two parts; the second is discontinuous with a new init segment; then an open one of one part. */
const makeWindow = (listed: number): SegmentWindow => {
  const window = new SegmentWindow(listed, 1000)
  for (let i = 0; i < 3; i++) {
    window.openSegment(i === 0 ? INIT : NEW_INIT, i === 1, DATE_MS + i * 400)
    window.addPart(hex('aa'), 0.2, true)
    window.addPart(hex('bb'), 0.2, false)
    window.closeSegment()
  }
  window.openSegment(NEW_INIT, false, DATE_MS + 1200)
  window.addPart(hex('cc'), 0.2, true)
  return window
}

const PLAIN = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-k3-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:06.078Z
#EXTINF:0.40000,
segment-k3-2.mp4
#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:06.478Z
#EXTINF:0.40000,
segment-k3-3.mp4
`

const LOW_LATENCY = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63000
#EXT-X-PART-INF:PART-TARGET=0.21000
#EXT-X-MEDIA-SEQUENCE:3
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-k3-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:06.478Z
#EXT-X-PART:DURATION=0.20000,URI="part-k3-4.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="part-k3-5.mp4"
#EXTINF:0.40000,
segment-k3-3.mp4
#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:06.878Z
#EXT-X-PART:DURATION=0.20000,URI="part-k3-6.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-k3-7.mp4"
`

describe('media playlist', () => {
  it('plain', () => assert.equal(encodeMediaPlaylist(makeWindow(2), NAMES, undefined), PLAIN))

  it('low latency', () => assert.equal(encodeMediaPlaylist(makeWindow(1), NAMES, 0.21), LOW_LATENCY))

  it('ends', () => {
    const window = makeWindow(2)
    window.end()
    assert.match(encodeMediaPlaylist(window, NAMES, undefined), /segment-k3-4\.mp4\n#EXT-X-ENDLIST\n$/)
    assert.match(encodeMediaPlaylist(window, NAMES, 0.21), /segment-k3-4\.mp4\n#EXT-X-ENDLIST\n$/)
  })

  it('says no longer that all segments are independent when one is not', () => {
    const window = makeWindow(2)
    window.closeSegment()
    window.openSegment(NEW_INIT, false, DATE_MS)
    window.addPart(hex('dd'), 0.2, false)
    assert.doesNotMatch(encodeMediaPlaylist(window, NAMES, 0.21), /INDEPENDENT-SEGMENTS/)
  })

  it('a longer part is announced', () => {
    const window = makeWindow(2)
    window.addPart(hex('dd'), 0.5, false)
    assert.match(encodeMediaPlaylist(window, NAMES, 0.21), /PART-HOLD-BACK=1\.50000\n#EXT-X-PART-INF:PART-TARGET=0\.50000\n/)
  })
})

describe('multivariant playlist', () => {
  it('names codecs, size and rates', () => {
    const text = encodeMultivariantPlaylist({ uri: NAMES.playlist, codecs: [H264, AAC], peakBitRate: 800_000, averageBitRate: 700_000, frameRate: 25 })
    assert.equal(
      text,
      '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=700000,CODECS="avc1.42C01E,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000\nmedia-k3.m3u8\n',
    )
  })

  it('sound alone', () => {
    const text = encodeMultivariantPlaylist({ uri: NAMES.playlist, codecs: [AAC], peakBitRate: 0, averageBitRate: 0, frameRate: undefined })
    assert.match(text, /#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="mp4a\.40\.2"\n/)
  })
})
