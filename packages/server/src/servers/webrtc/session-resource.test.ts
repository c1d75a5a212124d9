import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CHROMIUM_OFFER } from '@millrace/media/bridges/webrtc/offers.corpus.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { decodeSdpFragment } from '@millrace/media/protocols/ice/sdp-fragment.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const ICE_SERVERS = [{ urls: ['stun:stun.example.org'] }, { urls: ['turn:turn.example.org?transport=tcp'], username: 'hall', credential: 'a "b"' }]

/** As Chromium makes it from a candidate event: its own user name, no password. */
const TRICKLE = 'a=ice-ufrag:4ZcD\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 udp 1 1f4b.local 50000 typ host\r\n'
const RESTART = 'a=ice-ufrag:anew\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n'

describe('the HTTP resource of a WebRTC session', () => {
  let server: WhepServer
  let session: URL
  let etag: string

  before(async () => {
    server = await startWhepServer({ iceServers: ICE_SERVERS })
    server.hub.publish('live', [h264], 'units', { protocol: 'test', remote: 'test', close() {} }, 0)
    const response = await fetch(`${server.url}/live/whep`, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: CHROMIUM_OFFER })
    session = new URL(response.headers.get('location') ?? '', response.url)
    etag = response.headers.get('etag') ?? ''
    assert.match(etag, /^"[\w-]+"$/, 'a strong entity-tag')
    assert.equal(
      response.headers.get('link'),
      '<stun:stun.example.org>; rel="ice-server", <turn:turn.example.org?transport=tcp>; rel="ice-server"; username="hall"; credential="a \\"b\\""; credential-type="password"',
    )
  })
  after(() => server.close())

  const patch = (body: string, ifMatch: string | undefined, type = 'application/trickle-ice-sdpfrag'): Promise<Response> =>
    fetch(session, { method: 'PATCH', headers: { 'content-type': type, ...(ifMatch !== undefined && { 'if-match': ifMatch }) }, body })

  for (const [what, body, ifMatch, type, status, detail] of [
    ['no If-Match', TRICKLE, undefined, undefined, 428, /If-Match is missing/],
    ['another ICE session', TRICKLE, '"other"', undefined, 412, /the ICE session that goes on now/],
    ['another type', '{}', '*', 'application/json', 415, /application\/trickle-ice-sdpfrag/],
    ['no fragment', '{}', '*', undefined, 400, /line 1/],
    ['a restart without password', 'a=ice-ufrag:anew\r\n', '*', undefined, 400, /a=ice-pwd/],
  ] as const) {
    test(`PATCH with ${what}: ${status}, and the session goes on`, async () => {
      const response = await patch(body, ifMatch, type)
      assert.equal(response.status, status)
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.equal(response.headers.get('access-control-allow-origin'), '*')
      assert.match(((await response.json()) as { detail: string }).detail, detail)
      assert.equal((await patch(TRICKLE, etag)).status, 204)
    })
  }

  test('an offer may have candidates that lead nowhere from here: by multicast DNS, by TCP that only opens connections', async () => {
    const lines = [
      'a=candidate:842163049 1 udp 1677729535 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 46154 typ host generation 0 network-cost 999',
      'a=candidate:1 1 tcp 1518280447 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 9 typ host tcptype active',
      'a=candidate:nonsense',
    ]
    const body = CHROMIUM_OFFER.replaceAll('a=mid:', `${lines.join('\n')}\na=mid:`)
    const response = await fetch(new URL('/live/whep', session), { method: 'POST', headers: { 'content-type': 'application/sdp' }, body })
    assert.equal(response.status, 201)
  })

  test('a trickle: 204 without a new entity-tag', async () => {
    const response = await patch(TRICKLE, etag)
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('etag'), null)
    assert.equal(await response.text(), '')
    assert.equal((await patch(`${TRICKLE}a=end-of-candidates\r\n`, `"other", ${etag}`)).status, 204)
  })

  test('an ICE restart: 200 with our new credentials and a new entity-tag; the old one is over', async () => {
    for (const ifMatch of ['*', '"*"']) {
      const response = await patch(RESTART.replace('anew', ifMatch === '*' ? 'anew' : 'more'), ifMatch)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', /^application\/trickle-ice-sdpfrag/)
      const fragment = decodeSdpFragment(await response.text())
      assert.ok(fragment.ufrag && fragment.password)
      assert.equal(fragment.mid, '0')
      assert.equal(fragment.candidates[0]?.address, '127.0.0.1')
      assert.ok(fragment.endOfCandidates)
      const before = etag
      etag = response.headers.get('etag') ?? ''
      assert.notEqual(etag, before)
      assert.equal((await patch(TRICKLE.replace('4ZcD', 'anew'), before)).status, 412)
    }
  })

  test('OPTIONS says what may be sent, to pages of other sites too', async () => {
    for (const [url, methods, header, type] of [
      [new URL('/live/whep', session), 'POST, OPTIONS', 'accept-post', 'application/sdp'],
      [session, 'PATCH, DELETE, OPTIONS', 'accept-patch', 'application/trickle-ice-sdpfrag'],
    ] as const) {
      const { status, headers } = await fetch(url, { method: 'OPTIONS' })
      assert.equal(status, 204)
      assert.equal(headers.get('allow'), methods)
      assert.equal(headers.get('access-control-allow-methods'), methods)
      assert.equal(headers.get('access-control-allow-headers'), 'Authorization, Content-Type, If-Match')
      assert.equal(headers.get(header), type)
    }
  })
})
