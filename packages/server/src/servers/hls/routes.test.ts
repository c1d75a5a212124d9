import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Clip, makeClip } from '../../../test/hls/clip.ts'
import { feedLive, startTestServer, type TestServer } from '../../../test/hls/live.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { HlsPlayer } from './hls-player.ts'

const nextLine = (text: string, start: string): string => text.split('\n').find((line) => line.startsWith(start)) ?? ''

/** The playlists of a path, from the index on. */
const getPlaylist = async (server: TestServer, path: string): Promise<{ url: string; text: string }> => {
  const index = await (await fetch(`${server.url}/${path}/index.m3u8`)).text()
  const url = `${server.url}/${path}/${nextLine(index, 'media-')}`
  return { url, text: await (await fetch(url)).text() }
}

describe('HLS routes', () => {
  let clip: Clip
  let server: TestServer
  before(async () => {
    clip = await makeClip({ seconds: 4, video: { size: '320x180', rate: 25, gop: 25 }, audio: 'aac' })
    server = await startTestServer({ idleMs: 3000 })
  })
  after(() => server?.close())

  it('nobody publishes', async () => {
    const response = await fetch(`${server.url}/nobody/index.m3u8`)
    assert.deepEqual([response.status, response.headers.get('content-type')], [404, 'application/problem+json; charset=utf-8'])
    assert.match((await response.json()).detail, /Nobody publishes to nobody/)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
  })

  it('nothing that HLS carries', async () => {
    server.hub.publish('phone', [{ kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 }], 'units', { protocol: 'test', remote: '', close: () => {} }, 0)
    const response = await fetch(`${server.url}/phone/index.m3u8`)
    assert.equal(response.status, 406)
    assert.match((await response.json()).detail, /G\.711/)
  })

  it('types, lifetimes and origins', async () => {
    const feeder = feedLive(server.hub, 'types', clip)
    const { url, text } = await getPlaylist(server, 'types')
    const expected = [
      [url, 'application/vnd.apple.mpegurl', 'no-cache'],
      [`${server.url}/types/index.m3u8`, 'application/vnd.apple.mpegurl', 'no-cache'],
      [`${server.url}/types/${nextLine(text, 'segment-')}`, 'video/mp4', 'public, max-age=3600'],
      [`${server.url}/types/${/init-[^"]+/.exec(text)?.[0]}`, 'video/mp4', 'public, max-age=3600'],
      [`${server.url}/types/${/part-[^"]+/.exec(text)?.[0]}`, 'video/mp4', 'public, max-age=3600'],
    ]
    for (const [address, type, lifetime] of expected) {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await fetch(address ?? '', { method })
        assert.deepEqual(
          [status, headers.get('content-type'), headers.get('cache-control'), headers.get('access-control-allow-origin')],
          [200, type, lifetime, '*'],
          `${method} ${address}`,
        )
      }
      assert.equal((await fetch(address ?? '', { method: 'OPTIONS' })).status, 204)
      const ofUser = await fetch(address ?? '', { headers: { 'x-user': 'ann' } })
      assert.equal(ofUser.headers.get('cache-control'), lifetime?.replace('public', 'private'), 'a cache on the way is not to give it to others')
    }
    feeder.stop()
  })

  it('the playlist and the hinted part are held back until they are there', async () => {
    const feeder = feedLive(server.hub, 'hold', clip)
    const { url, text } = await getPlaylist(server, 'hold')
    const hinted = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(text)?.[1] ?? ''
    const sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1])
    const [part, playlist] = await Promise.all([
      fetch(`${server.url}/hold/${hinted}`),
      fetch(`${url}&_HLS_msn=${sequence + 1}&_HLS_part=1`).then((response) => response.text()),
    ])
    assert.equal(part.status, 200)
    assert.ok((await part.arrayBuffer()).byteLength > 100)
    assert.match(playlist, new RegExp(`segment-\\w+-${sequence}\\.mp4\\S*\n(#.*\n)*#EXT-X-PART:.*\n#EXT-X-PART:`))
    feeder.stop()
  })

  it('requests that cannot be met are refused', async () => {
    const feeder = feedLive(server.hub, 'faults', clip)
    const { url } = await getPlaylist(server, 'faults')
    assert.equal((await fetch(`${url}&_HLS_part=1`)).status, 400)
    assert.equal((await fetch(`${url}&_HLS_msn=99`)).status, 400)
    const gone = await fetch(url.replace(/media-(\w+)\.m3u8/, 'segment-$1-99.mp4'))
    assert.equal(gone.status, 404)
    assert.match((await gone.json()).detail, /begin again with \/faults\/index\.m3u8/)
    assert.equal((await fetch(url.replace(/media-\w+/, 'media-0'))).status, 404)
    feeder.stop()
  })

  it('a codec that HLS does not carry is told once, and the rest plays', async () => {
    const withPcmu: Clip = {
      codecs: [...clip.codecs.slice(0, 1), { kind: 'audio', name: 'pcma', clockRate: 8000, channels: 1 }],
      units: [...clip.units.slice(0, 1), []],
      durationS: clip.durationS,
    }
    const feeder = feedLive(server.hub, 'partly', withPcmu)
    await getPlaylist(server, 'partly')
    const { text } = await getPlaylist(server, 'partly')
    assert.match(text, /#EXTINF/)
    assert.deepEqual(
      server.warnings.filter((line) => line.includes('G.711')),
      ['HLS does not carry G.711 A-law: the rest of the stream plays'],
    )
    feeder.stop()
  })

  it('the muxer holds the stream while somebody asks, and stops some time later', { timeout: 20_000 }, async () => {
    const feeder = feedLive(server.hub, 'idle', clip)
    const { url } = await getPlaylist(server, 'idle')
    const clients = feeder.publication.stream.clients
    assert.deepEqual(
      [...clients].map((client) => client.protocol),
      ['hls'],
    )
    for (const untilMs = monotonicMs() + 10_000; clients.size > 0 && monotonicMs() < untilMs; ) await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(clients.size, 0)
    assert.match(await (await fetch(url)).text(), /#EXT-X-ENDLIST/)
    feeder.stop()
  })

  it('each player is a reader of its own, with its bytes, and can be told to go', async () => {
    const feeder = feedLive(server.hub, 'players', clip)
    const [one, two] = [await getPlaylist(server, 'players'), await getPlaylist(server, 'players')]
    const { stream } = feeder.publication
    const readers = () => [...stream.clients] as HlsPlayer[]
    assert.equal(readers().length, 2)
    const [first, second] = readers()
    assert.ok(first && second)
    const before = [first.readCounters().bytesOut ?? 0, second.readCounters().bytesOut ?? 0]
    const segment = await (await fetch(`${server.url}/players/${nextLine(two.text, 'segment-')}`)).arrayBuffer()
    assert.deepEqual([first.readCounters().bytesOut, second.readCounters().bytesOut], [before[0], (before[1] ?? 0) + segment.byteLength])
    await fetch(one.url.replace(/\?.*/, ''), { headers: { 'user-agent': 'nameless/1' } })
    assert.deepEqual([readers().length, readers()[2]?.userAgent], [3, 'nameless/1'], 'who asks without its name is found by its address and program')
    stream.dismissClient(first, { code: 'kicked', message: 'the room is full' })
    const refused = await fetch(one.url)
    assert.equal(refused.status, 403)
    assert.match((await refused.json()).detail, /the room is full/)
    assert.equal((await fetch(two.url)).status, 200)
    feeder.stop()
  })

  it('the same publisher again continues the playlist, one with other codecs ends it', { timeout: 30_000 }, async () => {
    const first = feedLive(server.hub, 'again', clip)
    const before = await getPlaylist(server, 'again')
    first.stop()
    await new Promise((resolve) => setTimeout(resolve, 1300))
    const second = feedLive(server.hub, 'again', clip)
    const sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(before.text)?.[1])
    const continued = await (await fetch(`${before.url}&_HLS_msn=${sequence + 2}`)).text()
    assert.match(continued, /#EXT-X-DISCONTINUITY\n/)
    const withoutSession = (url: string): string => url.replace(/\?.*/, '')
    assert.equal(withoutSession((await getPlaylist(server, 'again')).url), withoutSession(before.url))
    second.stop()
    const third = feedLive(server.hub, 'again', { ...clip, codecs: clip.codecs.slice(0, 1), units: clip.units.slice(0, 1) })
    assert.match(await (await fetch(before.url)).text(), /#EXT-X-ENDLIST/)
    assert.notEqual(withoutSession((await getPlaylist(server, 'again')).url), withoutSession(before.url))
    third.stop()
  })
})
