import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CHROMIUM_OFFER, VP8_OFFER } from '@millrace/media/bridges/webrtc/offers.corpus.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const aac: Codec = { kind: 'audio', name: 'aac', clockRate: 48000, channels: 2, config: Uint8Array.of(0x11, 0x90) }
const publisher = { protocol: 'test', remote: 'test', close() {} }

describe('WHEP', () => {
  let server: WhepServer

  before(async () => {
    server = await startWhepServer()
    server.hub.publish('live', [h264, aac], 'units', publisher, 0)
    server.hub.publish('sound', [aac], 'units', publisher, 0)
  })
  after(() => server.close())

  const post = (path: string, body: string, type = 'application/sdp'): Promise<Response> =>
    fetch(`${server.url}/${path}/whep`, { method: 'POST', headers: { 'content-type': type }, body })

  test('a session: 201 with its address, and its end', async () => {
    const response = await post('live', CHROMIUM_OFFER)
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /Location, ETag, Link.*Millrace-Missing/)
    assert.match(await response.text(), /a=candidate:1 1 udp \d+ 127\.0\.0\.1 \d+ typ host/)
    const session = new URL(response.headers.get('location') ?? '', response.url)
    assert.match(session.pathname, /^\/live\/whep\/[\w-]{24}$/)
    const sessions = server.webrtc.sessions
    assert.equal((await fetch(session, { method: 'DELETE', headers: { authorization: 'Bearer x', 'if-match': '"any"' } })).status, 200)
    assert.equal(server.webrtc.sessions, sessions - 1)
    assert.equal((await fetch(session, { method: 'DELETE' })).status, 404)
  })

  test('a track that WebRTC cannot carry is named to the page and in the log, once', async () => {
    const before = server.warnings.length
    const response = await post('live', CHROMIUM_OFFER)
    assert.equal(response.headers.get('millrace-missing'), 'audio AAC; reason="WebRTC browsers have no AAC"')
    assert.match(await response.text(), /m=audio 0 /)
    assert.equal(server.warnings.slice(before).filter((line) => line.includes('no AAC')).length, 1)
  })

  test('the session of another path is not found', async () => {
    const response = await post('live', CHROMIUM_OFFER)
    const elsewhere = (response.headers.get('location') ?? '').replace('/live/', '/sound/')
    assert.equal((await fetch(server.url + elsewhere, { method: 'DELETE' })).status, 404)
  })

  for (const [what, path, body, type, status, detail] of [
    ['nobody publishes', 'dark', CHROMIUM_OFFER, 'application/sdp', 404, /Nobody publishes to dark/],
    ['no common codec', 'live', VP8_OFFER, 'application/sdp', 406, /H\.264 and AAC; the player takes VP8/],
    ['a stream that WebRTC cannot carry', 'sound', CHROMIUM_OFFER, 'application/sdp', 406, /no AAC/],
    ['no description', 'live', 'hello', 'application/sdp', 400, /v=0/],
    ['an offer without fingerprint', 'live', CHROMIUM_OFFER.replaceAll(/a=finger.*\n/g, ''), 'application/sdp', 400, /a=fingerprint/],
    ['only a weak hash', 'live', CHROMIUM_OFFER.replaceAll('sha-256', 'sha-1'), 'application/sdp', 400, /sha-256/],
    ['another type', 'live', '{}', 'application/json', 415, /application\/sdp/],
  ] as const) {
    test(`${status} for: ${what}`, async () => {
      const response = await post(path, body, type)
      assert.equal(response.status, status)
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.equal(response.headers.get('access-control-allow-origin'), '*')
      assert.match(((await response.json()) as { detail: string }).detail, detail)
    })
  }

  test('offers without end do not pile up', async () => {
    for (let i = 0; i < 300; i++) await post('live', CHROMIUM_OFFER)
    assert.ok(server.webrtc.sessions <= 256, `${server.webrtc.sessions} sessions`)
  })
})
