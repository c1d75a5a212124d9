import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withQuery } from './playlist-query.ts'

test('every address of a playlist gets the query, and nothing else', () => {
  const playlist = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MAP:URI="init-ab-0.mp4"
#EXT-X-PART:DURATION=0.2,URI="part-ab-1.mp4",INDEPENDENT=YES
#EXTINF:1.000,
segment-ab-1.mp4

#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-ab-2.mp4"
`
  assert.equal(
    withQuery(playlist, 'session=x-1'),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MAP:URI="init-ab-0.mp4?session=x-1"
#EXT-X-PART:DURATION=0.2,URI="part-ab-1.mp4?session=x-1",INDEPENDENT=YES
#EXTINF:1.000,
segment-ab-1.mp4?session=x-1

#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-ab-2.mp4?session=x-1"
`,
  )
  assert.equal(withQuery(playlist, ''), playlist)
})
