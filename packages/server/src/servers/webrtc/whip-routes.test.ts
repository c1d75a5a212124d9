import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CHROMIUM_OFFER } from '@millrace/media/bridges/webrtc/offers.corpus.ts'
import { OBS_OFFER, OBS_OFFER_WITH_CANDIDATES, SIMULCAST_PUBLISHER } from '@millrace/media/bridges/webrtc/publisher-offers.corpus.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

const opus: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }

describe('WHIP', () => {
  let server: WhepServer

  before(async () => {
    server = await startWhepServer()
    server.hub.publish('taken', [opus], 'units', { protocol: 'rtmp', remote: '192.0.2.7:1', close() {} }, 0)
  })
  after(() => server.close())

  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}/${path}/whip`, { method: 'POST', headers: { 'content-type': 'application/sdp', ...headers }, body })

  test('an offer of OBS, with a token: 201 with address, tag and answer; the path is free until media can come', async () => {
    const response = await post('obs', OBS_OFFER, { authorization: 'Bearer secret' })
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('content-type'), 'application/sdp')
    assert.match(response.headers.get('etag') ?? '', /^"[^"]+"$/)
    const answer = await response.text()
    for (const line of [/a=setup:passive/, /a=recvonly/, /a=ice-lite/, /a=candidate:1 1 udp \d+ 127\.0\.0\.1 /, /a=rtpmap:96 H264\/90000/])
      assert.match(answer, line)
    assert.equal(server.hub.find('obs'), undefined)
    const session = new URL(response.headers.get('location') ?? '', response.url)
    assert.match(session.pathname, /^\/obs\/whip\/[\w-]{24}$/)
    assert.equal((await fetch(session, { method: 'DELETE' })).status, 200)
    assert.equal((await fetch(session, { method: 'DELETE' })).status, 404)
  })

  test('an offer of OBS 30.1, which has candidates', async () => {
    const response = await post('obs', OBS_OFFER_WITH_CANDIDATES)
    assert.equal(response.status, 201)
    assert.match(await response.text(), /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 111\r$[\s\S]*^m=video \d+ UDP\/TLS\/RTP\/SAVPF 96\r$/m)
  })

  test('who waits for the passive part is told that we begin', async () => {
    const response = await post('passive', SIMULCAST_PUBLISHER.replaceAll('actpass', 'passive'))
    assert.match(await response.text(), /a=setup:active/)
  })

  test('a second offer takes the place of one that did not connect', async () => {
    const first = await post('again', OBS_OFFER)
    const before = server.webrtc.sessions
    assert.equal((await post('again', OBS_OFFER)).status, 201)
    assert.equal(server.webrtc.sessions, before)
    assert.equal((await fetch(new URL(first.headers.get('location') ?? '', first.url), { method: 'DELETE' })).status, 404)
  })

  test('other origins may ask', async () => {
    const response = await fetch(`${server.url}/x/whip`, { method: 'OPTIONS' })
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    assert.match(response.headers.get('access-control-allow-headers') ?? '', /Authorization/)
  })

  for (const [what, path, body, type, status, detail] of [
    ['somebody publishes there', 'taken', OBS_OFFER, 'application/sdp', 409, /rtmp from 192\.0\.2\.7:1/],
    ['no codec that is known', 'x', OBS_OFFER.replaceAll(/H264|opus/g, 'other'), 'application/sdp', 406, /audio: none of other can be taken/],
    ['nothing to send', 'x', CHROMIUM_OFFER, 'application/sdp', 406, /does not send/],
    ['no description', 'x', 'hello', 'application/sdp', 400, /v=0/],
    ['no fingerprint', 'x', OBS_OFFER.replaceAll(/a=finger.*\r\n/g, ''), 'application/sdp', 400, /a=fingerprint/],
    ['a name that is none', '_', OBS_OFFER, 'application/sdp', 400, /_/],
    ['another type', 'x', '{}', 'application/json', 415, /application\/sdp/],
  ] as const) {
    test(`${status} in words: ${what}`, async () => {
      const response = await post(path, body, { 'content-type': type })
      assert.equal(response.status, status)
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.match(((await response.json()) as { detail: string }).detail, detail)
    })
  }
})
