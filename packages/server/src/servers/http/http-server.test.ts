import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Hub, type Publisher } from '@millrace/media/hub/hub.ts'
import { makeServerContext } from '../../../test/server-context.ts'
import type { ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { ListenError } from '../../net/listen-error.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'
import { PathEvents } from './path-events.ts'

const HOST = '127.0.0.1'
const _quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }
const noConverters = {
  makePacketizer: () => ({ push: () => [] }),
  makeDepacketizer: () => ({ push: () => [] }),
}
const publisher: Publisher = { protocol: 'rtmp', remote: '127.0.0.1:50000', close() {} }
const opus = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 } as const
const routes: PathRoute[] = [
  { methods: ['POST'], tail: /^echo$/, bodyLimit: 10, handle: (request, _reply, pathName) => `${pathName} ${request.body}` },
  {
    methods: ['GET'],
    tail: /^fails$/,
    handle: () => {
      throw new Error('secret')
    },
  },
]

let hub: Hub
let server: HttpServer
let context: ServerContext
let pagesDir: string

before(async () => {
  pagesDir = await mkdtemp(join(tmpdir(), 'millrace-pages-'))
  await mkdir(join(pagesDir, 'assets'))
  await writeFile(join(pagesDir, 'index.html'), 'the index')
  await writeFile(join(pagesDir, 'player.html'), 'the player')
  await writeFile(join(pagesDir, 'publish.html'), 'the publish page')
  await writeFile(join(pagesDir, 'stats.html'), 'the statistics page')
  await writeFile(join(pagesDir, 'assets/player-x1.js'), 'script')
  hub = new Hub({ converters: noConverters, republishGraceMs: 1000 })
  context = makeServerContext({ hub })
  server = await startHttpServer(context, { host: HOST, port: 0, extraPorts: [{ port: 0, protocol: 'HLS', key: 'hls.port' }], routes, pagesDir })
})
after(async () => {
  await server.close()
  await rm(pagesDir, { recursive: true })
})

/** Sends bytes as they are and collects the answer until the server closes. */
const raw = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(server.port, HOST, () => socket.write(request))
    socket.setEncoding('latin1').setTimeout(5000, () => socket.destroy(new Error(`no end after ${answer}`)))
    socket.on('data', (text) => (answer += text))
    socket.on('error', reject)
    socket.on('end', () => resolve(answer))
  })
const get = (path: string): Promise<string> => raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
const url = (path: string, port = server.port): string => `http://${HOST}:${port}${path}`

/** Reads events until one has `data` that fits. */
const eventWith = async (response: Response, wanted: string): Promise<void> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk)
    if (text.includes(wanted)) return
  }
  assert.fail(`${wanted} did not come, but ${text}`)
}

describe('the HTTP server', () => {
  for (const [path, status] of [
    ['/../../etc/passwd', 400],
    ['/%2e%2e/%2e%2e/etc/passwd', 400],
    ['/_/assets/../index.html', 400],
    ['/_/assets/..%2findex.html', 400],
    ['/a%00b', 400],
    ['/%zz', 400],
    ['//elsewhere.example/', 400],
    [`/${'a'.repeat(10_000)}`, 400],
    [`/${'a'.repeat(20_000)}`, 431],
    ['/two words', 400],
    ['/a"b', 400],
    ['/_/assets/none.js', 404],
    ['/_/index.html', 404],
    ['/_', 404],
    ['/_/ready', 400],
    ['/_/events?path=../x', 400],
    ['/cam/echo', 405],
    ['/cam/fails', 500],
  ] as const) {
    it(`answers ${status} to ${path.slice(0, 40)}`, async () => {
      const answer = await get(path)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      assert.match(answer, /content-type: application\/problem\+json/)
      assert.doesNotMatch(answer, /secret|node_modules|\n +at /)
    })
  }

  for (const [name, request] of [
    ['noise', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
    ['a bad length', 'POST /a/echo HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n'],
    ['a bad content type', 'POST /a/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ;;\r\nContent-Length: 1\r\n\r\na'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ] as const) {
    it(`answers 4xx to ${name}`, async () => assert.match(await raw(request), /^HTTP\/1.1 4\d\d /))
  }

  it('gives a route its body, up to its limit, on both ports', async () => {
    for (const port of [server.port, ...server.extraPorts]) {
      const answer = await fetch(url('/lecture/hall-1/echo', port), { method: 'POST', body: 'ten bytes!' })
      assert.equal(await answer.text(), 'lecture/hall-1 ten bytes!')
    }
    assert.equal((await fetch(url('/a/echo'), { method: 'POST', body: 'eleven byte' })).status, 413)
    const chunked = 'POST /a/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\neleven byte\r\n'
    assert.match(await raw(chunked), /^HTTP\/1.1 413 /)
  })

  it('says which methods an address takes', async () => {
    assert.equal((await fetch(url('/a/echo'))).headers.get('allow'), 'POST')
    assert.equal((await fetch(url('/a'), { method: 'PUT', body: 'x' })).headers.get('allow'), 'GET, HEAD')
  })

  it('gives pages with a policy, and assets for ever', async () => {
    const player = await fetch(url('/lecture/hall-1'))
    assert.equal(await player.text(), 'the player')
    assert.equal(await (await fetch(url('/lecture/hall-1/publish'))).text(), 'the publish page')
    assert.equal(await (await fetch(url('/publish'))).text(), 'the player')
    assert.equal(await (await fetch(url('/lecture/hall-1/stats'))).text(), 'the statistics page')
    assert.match(player.headers.get('content-security-policy') ?? '', /script-src 'self'/)
    assert.equal((await fetch(url('/lecture/hall-1/?via=hls'))).url, url('/lecture/hall-1?via=hls'))
    assert.equal(await (await fetch(url('/'))).text(), 'the index')
    const script = await fetch(url('/_/assets/player-x1.js'))
    assert.match(script.headers.get('cache-control') ?? '', /immutable/)
    assert.equal(await script.text(), 'script')
  })

  it('shows errors to people as a page', async () => {
    const answer = await fetch(url('/_/<b>'), { headers: { accept: 'text/html' } })
    assert.equal(answer.status, 404)
    assert.match(await answer.text(), /<h1>Not Found<\/h1>/)
  })

  it('lists live paths, and tells when one becomes ready', async () => {
    const events = await fetch(url('/_/events?path=hall'))
    const publication = hub.publish('hall', [opus], 'units', publisher, 0)
    await eventWith(events, '{"name":"hall","ready":true}')
    assert.deepEqual(await (await fetch(url('/_/paths'))).json(), { paths: [{ name: 'hall', tracks: ['Opus'], publisher: 'rtmp', readers: 0 }] })
    assert.deepEqual(await (await fetch(url('/_/ready?path=hall'))).json(), { name: 'hall', ready: true })
    const later = await fetch(url('/_/events?path=hall'))
    publication.close(10)
    await eventWith(later, '{"name":"hall","ready":false}')
    assert.deepEqual(await (await fetch(url('/_/paths'))).json(), { paths: [] })
  })

  it('has room for so many listeners only', () => {
    const none = new PathEvents(hub, 0)
    assert.throws(() => none.checkRoom(), { status: 503 })
    none.close()
  })

  it('names the port that is taken', async () => {
    await assert.rejects(
      startHttpServer(context, { host: HOST, port: 0, extraPorts: [{ port: server.port, protocol: 'HLS', key: 'hls.port' }], routes, pagesDir }),
      (error) => error instanceof ListenError && error.message.includes(`port ${server.port} for HLS is taken`),
    )
  })

  it('closes with listeners and unfinished requests open', async () => {
    const other = await startHttpServer(context, { host: HOST, port: 0, routes, pagesDir })
    const events = await fetch(url('/_/events', other.port))
    const half = connect(other.port, HOST, () => half.write('POST /a/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n'))
    const cut = new Promise((resolve) => half.on('close', resolve))
    half.on('error', () => undefined)
    half.resume()
    await Promise.all([other.close(), cut])
    await events.text()
    await assert.rejects(fetch(url('/', other.port)))
  })
})
