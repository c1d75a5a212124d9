import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'

const MAIN = join(import.meta.dirname, '../packages/server/src/main.ts')
/** The machine's own clients are to be asked, too. */
const STRICT = 'demo: false\nauth: { loopback: false }'
const SECRET = 'a-shared-key-of-thirty-two-bytes!'
const CALLBACK_TOKEN = 'callback-token-7c1f'
const PASSWORD = { ann: 'ann-pass-93f1', bob: 'bob-pass-5d02', cam: 'cam-pass-e77a' } as const
const WRONG = 'wrong-pass-1b2c'

/** What a client did: a status of HTTP, or how its program ended and what it said. */
type Outcome = { readonly status: number | string; readonly told: string }

const run = async (command: string, args: readonly string[], timeoutMs = 20_000): Promise<Outcome> => {
  const child = new Child(command, args)
  const status = await child.finished(timeoutMs)
  return { status, told: child.stdout + child.stderr }
}

const jwt = (claims: object): string => {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

describe('access: action x protocol x credentials', { timeout: 120_000 }, () => {
  let server: Millrace
  let browser: Browser
  let file: string
  let key = ''
  let admin = ''
  const secrets: string[] = [SECRET, CALLBACK_TOKEN, WRONG, ...Object.values(PASSWORD)]

  const command = (args: readonly string[], input = ''): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args, '--config', join(server.folder, 'millrace.yml')], {
      input,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const authority = (protocol: 'rtsp' | 'rtmp' | 'webrtc' | 'api' | 'metrics'): string => `127.0.0.1:${server.ports[protocol]}`
  const curl = async (url: string, ...args: string[]): Promise<Outcome> => {
    const { told } = await run('curl', ['-s', '-i', '--max-time', '10', ...args, url])
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(told)?.[1]), told }
  }
  const readRtsp = (path: string, login = '', query = ''): Promise<Outcome> =>
    run('ffprobe', [
      '-v',
      'error',
      '-rtsp_transport',
      'tcp',
      '-read_intervals',
      '%+#1',
      '-show_entries',
      'stream=codec_name',
      `rtsp://${login}${authority('rtsp')}/${path}${query}`,
    ])
  const publish = (protocol: 'rtsp' | 'rtmp', path: string, login = '', query = ''): Promise<Outcome> => {
    const output = protocol === 'rtsp' ? ['-f', 'rtsp', '-rtsp_transport', 'tcp'] : ['-f', 'flv']
    return run('ffmpeg', ['-v', 'error', '-i', file, '-t', '0.2', '-c', 'copy', ...output, `${protocol}://${login}${authority(protocol)}/${path}${query}`])
  }
  /** rtmpdump goes on until it is stopped. */
  const readRtmp = async (path: string, query = ''): Promise<Outcome> => {
    const child = new Child('rtmpdump', ['-o', '/dev/null', '-r', `rtmp://${authority('rtmp')}/`, '-y', `${path}${query}`, '--live'])
    const isReceiving = await until('rtmpdump receives or ends', 10_000, () => (child.stderr.includes(' kB / ') ? 'yes' : child.exitCode !== undefined && 'no'))
    await child.stop()
    return { status: isReceiving === 'yes' ? 0 : 1, told: child.stderr }
  }
  const whep = (path: string, ...args: string[]): Promise<Outcome> => offer(path, 'whep', args)
  const whip = (path: string, ...args: string[]): Promise<Outcome> => offer(path, 'whip', args)
  /** Where the offer is looked at, access was given: it is none. */
  const offer = (path: string, endpoint: string, args: string[]): Promise<Outcome> =>
    curl(`http://${authority('webrtc')}/${path}/${endpoint}`, '-X', 'POST', '-H', 'Content-Type: application/sdp', '-d', 'v=0', ...args)
  const hls = (path: string, query = '', ...args: string[]): Promise<Outcome> =>
    curl(`http://127.0.0.1:${server.ports.hls}/${path}/index.m3u8${query}`, ...args)
  const bearer = (token: string): string[] => ['-H', `Authorization: Bearer ${token}`]
  const allowed = ({ status, told }: Outcome): void => assert.ok([0, 200, 204, 400].includes(Number(status)), told)
  const denied = ({ status, told }: Outcome, expected: number, words: RegExp): void => {
    if (typeof status === 'number' && status >= 100 && status !== 127) assert.equal(status, expected, told)
    else assert.notEqual(status, 0, told)
    assert.match(told, words)
    for (const secret of secrets) assert.ok(!told.replaceAll(/(?:rtsp|rtmp|http):\/\/\S+/g, '').includes(secret), 'the client is told a secret')
  }

  before(async () => {
    file = await clip({ audio: 'aac', seconds: 10 })
    server = await Millrace.start(STRICT)
    const shown = /user admin, password (\S+)/.exec(server.child.stdout)?.[1]
    assert.ok(shown, server.child.stdout)
    admin = shown
    command(['user', 'add', 'ann', '--publish', '~hall.*', '--read', '~hall.*'], PASSWORD.ann)
    command(['user', 'add', 'bob', '--read', 'elsewhere'], PASSWORD.bob)
    command(['user', 'add', 'cam', '--digest', '--publish', 'digest', '--read', 'digest'], PASSWORD.cam)
    key = /^ {2}(\S+)$/m.exec(command(['key', 'rotate', 'hall']))?.[1] ?? ''
    assert.equal(key.length, 43)
    secrets.push(key, admin)
    browser = await launchChromium(undefined, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
    // The server takes the new users within a second or two.
    await until('ann may publish', 5000, async () => (await whip('hall-9', '-u', `ann:${PASSWORD.ann}`)).status === 400)
    for (const [path, query] of [
      ['hall', `?key=${key}`],
      ['digest', `?user=cam&pass=${PASSWORD.cam}`],
    ])
      new Child('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', `rtmp://${authority('rtmp')}/${path}${query}`])
    await until('both are live', 15_000, async () => {
      const { told } = await curl(`http://${authority('webrtc')}/_/paths`, '-u', `admin:${admin}`)
      return told.includes('"hall"') && told.includes('"digest"')
    })
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })

  const ann = `ann:${PASSWORD.ann}`
  const bob = `bob:${PASSWORD.bob}`

  it('RTSP: none, Basic, Digest, query, wrong, not permitted', async () => {
    const asks = /401 Unauthorized/
    denied(await readRtsp('hall'), 1, asks)
    denied(await readRtsp('hall', `ann:${WRONG}@`), 1, asks)
    denied(await readRtsp('hall', `${bob}@`), 1, /403 Forbidden/)
    denied(await publish('rtsp', 'hall-2'), 1, asks)
    denied(await publish('rtsp', 'digest', `${ann}@`), 1, asks)
    allowed(await readRtsp('hall', `${ann}@`))
    allowed(await readRtsp('hall', '', `?user=ann&pass=${PASSWORD.ann}`))
    allowed(await readRtsp('digest', `cam:${PASSWORD.cam}@`))
    denied(await readRtsp('digest', `cam:${WRONG}@`), 1, asks)
    allowed(await publish('rtsp', 'hall-2', `${ann}@`))
  })

  it('RTSP offers Digest where somebody who may can use it', async () => {
    const challenges = async (path: string): Promise<string[]> => {
      const socket = connect(server.ports.rtsp, '127.0.0.1')
      socket.write(`DESCRIBE rtsp://h/${path} RTSP/1.0\r\nCSeq: 1\r\n\r\n`)
      const [bytes] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return [...bytes.toString().matchAll(/WWW-Authenticate: (.*)/g)].map(([, challenge = '']) => challenge.trim().replace(/nonce="\w{32}"/, 'nonce'))
    }
    assert.deepEqual(await challenges('hall'), ['Basic realm="Millrace"'])
    assert.deepEqual(await challenges('digest'), [
      'Digest realm="Millrace", nonce, algorithm=SHA-256',
      'Digest realm="Millrace", nonce',
      'Basic realm="Millrace"',
    ])
  })

  it('RTMP: none, query, stream key, wrong, not permitted', async () => {
    denied(await readRtmp('hall'), 1, /NetStream\.Play\.Failed|to read hall/)
    denied(await readRtmp('hall', `?user=bob&pass=${PASSWORD.bob}`), 1, /NetStream\.Play\.Failed|may not read/)
    allowed(await readRtmp('hall', `?user=ann&pass=${PASSWORD.ann}`))
    denied(await publish('rtmp', 'hall-3'), 1, /to publish hall-3, end the stream's name with \?user=/)
    denied(await publish('rtmp', 'hall-3', '', `?key=${key}`), 1, /to publish hall-3/)
    denied(await publish('rtmp', 'elsewhere', '', `?user=bob&pass=${PASSWORD.bob}`), 1, /you may not publish elsewhere/)
    allowed(await publish('rtmp', 'hall-3', '', `?user=ann&pass=${PASSWORD.ann}`))
  })

  it('WHIP and WHEP: none, Basic, Bearer, stream key, wrong, not permitted', async () => {
    const asks = /WWW-Authenticate: Basic realm="Millrace"[\s\S]*To (?:read|publish) hall, give a user and password/i
    denied(await whep('hall'), 401, asks)
    denied(await whip('hall'), 401, asks)
    denied(await whep('hall', '--interface', '127.0.0.3', '-u', `ann:${WRONG}`), 401, asks)
    denied(await whep('hall', '-u', bob), 403, /You may not read hall/)
    denied(await whip('hall', '-u', bob), 403, /You may not publish hall/)
    denied(await whip('hall-2', ...bearer(key)), 401, /To publish hall-2/)
    denied(await whep('hall', ...bearer(key)), 401, asks)
    allowed(await whep('hall', '-u', ann))
    const publishing = await whip('hall', ...bearer(key))
    assert.equal(publishing.status, 409, publishing.told)
    allowed(await whip('hall-4', '-u', ann))
  })

  it('HLS: none, Basic, query that reaches segments, cookie, wrong, not permitted', async () => {
    const asks = /To read hall, give a user and password/
    denied(await hls('hall'), 401, asks)
    denied(await hls('hall', '', '-u', bob), 403, /You may not read hall/)
    denied(await hls('hall', '?token=mp1.W10.AAAA'), 401, asks)
    allowed(await hls('hall', '', '-u', ann))
    const { told: playlist } = await hls('hall', `?user=ann&pass=${PASSWORD.ann}`)
    const media = /^\S+\.m3u8\?\S*token=\S+$/m.exec(playlist)?.[0] ?? ''
    const folder = `http://127.0.0.1:${server.ports.hls}/hall/`
    const { told: segments } = await curl(folder + media)
    assert.notEqual(media, '', playlist)
    const segment = /^(?!#)\S+\.(?:m4s|mp4)\?\S*token=\S+$/m.exec(segments)?.[0] ?? ''
    assert.notEqual(segment, '', segments)
    allowed(await curl(folder + segment, '-o', '/dev/null', '-D', '-'))
    denied(await curl(folder + segment.replace(/\?.*/, '')), 401, asks)
    assert.ok(!`${playlist}${segments}`.includes(PASSWORD.ann))
    const signedIn = await curl(`http://${authority('webrtc')}/_/sign-in?path=hall&action=read`, '-X', 'POST', '-u', ann)
    const cookie = /^set-cookie: ([^;]+); .*HttpOnly; SameSite=Strict/im.exec(signedIn.told)?.[1] ?? ''
    allowed(await hls('hall', '', '-H', `Cookie: ${cookie}`))
    denied(await hls('hall', '', '-H', `Cookie: ${cookie}`, '-H', 'Sec-Fetch-Site: cross-site'), 401, asks)
    denied(await whip('hall', '-H', `Cookie: ${cookie}`), 401, /To publish hall/)
    const played = await run('ffprobe', [
      '-v',
      'error',
      '-read_intervals',
      '%+1',
      '-show_entries',
      'stream=codec_name',
      `${folder}index.m3u8?user=ann&pass=${PASSWORD.ann}`,
    ])
    allowed(played)
    assert.match(played.told, /h264/)
  })

  it('API, metrics, statistics: none, user, administrator', async () => {
    const metrics = `http://${authority('metrics')}/metrics`
    const api = `http://${authority('api')}/v1/paths/list`
    const stats = `http://${authority('webrtc')}/hall/stats.json`
    for (const url of [metrics, api]) {
      denied(await curl(url), 401, /WWW-Authenticate: Basic/i)
      denied(await curl(url, '-u', ann), 403, /may not do this/)
      allowed(await curl(url, '-u', `admin:${admin}`))
    }
    denied(await curl(stats), 401, /To read hall/)
    const watched = await curl(stats, '-u', ann)
    allowed(watched)
    assert.doesNotMatch(watched.told, /127\.0\.0\.1/, 'viewers see no addresses')
    assert.match((await curl(stats, '-u', `admin:${admin}`)).told, /127\.0\.0\.1/)
  })

  it('Chromium: the pages ask, and go on', async () => {
    const page = await browser.newPage()
    await page.goto(`http://${authority('webrtc')}/hall`)
    await page.getByLabel('User').fill('ann')
    await page.getByLabel('Password').fill(WRONG)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The user or the password is wrong.').waitFor()
    await page.getByLabel('Password').fill(PASSWORD.ann)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/^Live · (?:WebRTC|HLS)/).waitFor()
    assert.equal(await page.evaluate(() => document.cookie), '')
    // It is known who it is, by HLS too.
    await page.goto(`http://${authority('webrtc')}/hall?via=hls`)
    await page.getByText(/^Live · HLS/).waitFor()
    // To watch is not to publish.
    await page.goto(`http://${authority('webrtc')}/hall-6/publish`)
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByLabel('User').fill('ann')
    await page.getByLabel('Password').fill(PASSWORD.ann)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.close()
  })

  it('whoever guesses is slowed, and nobody else', async () => {
    let guesses = 0
    const guess = (): Promise<Outcome> => whep('hall', '--interface', '127.0.0.9', '-u', `ann:${WRONG}-${guesses++}`)
    const told = []
    for (let attempt = 0; attempt < 7; attempt++) told.push((await guess()).status)
    assert.deepEqual(told.slice(0, 5), [401, 401, 401, 401, 401])
    denied(await guess(), 429, /Retry-After: \d+/i)
    denied(await whep('hall', '--interface', '127.0.0.9', '-u', ann), 429, /Too many attempts/)
    allowed(await whep('hall', '-u', ann))
    allowed(await whep('hall', '--interface', '127.0.0.10', '-u', ann))
  })

  it('what other sites or proxies ask through this machine is not of this machine', async () => {
    server.configure('demo: false')
    await until('this machine may do everything', 5000, async () => (await whep('hall')).status === 400)
    const asks = /To read hall/
    denied(await whep('hall', '-H', 'Origin: https://evil.example', '-H', 'Sec-Fetch-Site: cross-site'), 401, asks)
    denied(await whep('hall', '-H', 'Host: evil.example'), 401, asks)
    denied(await whep('hall', '-H', 'X-Forwarded-For: 198.51.100.7'), 401, asks)
    server.configure('demo: false\nauth: { trustedProxies: [127.0.0.1], users: [{ user: any, ips: [198.51.100.7], permissions: [{ action: read }] }] }')
    await until('the proxy is believed', 5000, async () => (await whep('hall', '-H', 'X-Forwarded-For: 198.51.100.7')).status === 400)
    denied(await whep('hall', '-H', 'X-Forwarded-For: 198.51.100.8'), 401, asks)
    server.configure(STRICT)
    await until('it is as before', 5000, async () => (await whep('hall')).status === 401)
  })

  it('a changed password and a removed user are out at once; a changed key too', async () => {
    const { told: playlist } = await hls('hall', `?user=ann&pass=${PASSWORD.ann}`)
    const token = /token=(mp1\.\S+)/.exec(playlist)?.[1] ?? ''
    allowed(await hls('hall', `?token=${token}`))
    command(['user', 'remove', 'ann'])
    command(['key', 'remove', 'hall'])
    await until('ann is out', 5000, async () => (await whep('hall', '-u', ann)).status === 401)
    denied(await hls('hall', `?token=${token}`), 401, /To read hall/)
    await until('the key is out', 5000, async () => (await whip('hall', ...bearer(key))).status === 401)
  })

  it('JWT: missing, good, of another path, expired, forged', async () => {
    server.configure(`demo: false\nauth: { loopback: false, method: jwt, jwt: { secret: "${SECRET}", issuer: campus } }`)
    const inAnHour = Math.floor(Date.now() / 1000) + 3600
    const claims = {
      iss: 'campus',
      sub: 'eve',
      exp: inAnHour,
      mediamtx_permissions: [
        { action: 'read', path: 'hall' },
        { action: 'publish', path: '~jwt-.*' },
      ],
    }
    const good = jwt(claims)
    secrets.push(good)
    await until('tokens count', 5000, async () => (await whep('hall', ...bearer(good))).status === 400)
    denied(await whep('hall'), 401, /To read hall/)
    denied(await whep('digest', ...bearer(good)), 403, /You may not read digest/)
    denied(await whep('hall', ...bearer(jwt({ ...claims, exp: inAnHour - 7200 }))), 401, /To read hall/)
    denied(await whep('hall', ...bearer(jwt({ ...claims, iss: 'elsewhere' }))), 401, /To read hall/)
    denied(await whep('hall', '--interface', '127.0.0.4', ...bearer(`${good.slice(0, -4)}AAAA`)), 401, /To read hall/)
    allowed(await readRtsp('hall', '', `?jwt=${good}`))
    allowed(await publish('rtmp', 'jwt-1', '', `?jwt=${good}`))
    allowed(await hls('hall', `?jwt=${good}`))
    const page = await browser.newPage()
    for (const [via, shown] of [
      ['webrtc', /^Live · WebRTC/],
      ['hls', /^Live · HLS/],
    ] as const) {
      await page.goto(`http://${authority('webrtc')}/hall?via=${via}#token=${good}`)
      await page.getByText(shown).waitFor()
    }
    await page.close()
    denied(await publish('rtmp', 'hall-5', '', `?jwt=${good}`), 1, /you may not publish hall-5/)
  })

  it('HTTP callback: asked with what MediaMTX sends, and obeyed', async () => {
    const asked: Record<string, unknown>[] = []
    const callback = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const question = JSON.parse(body) as Record<string, unknown>
      asked.push(question)
      response.writeHead(question.token === CALLBACK_TOKEN || question.password === CALLBACK_TOKEN ? 204 : 401).end()
    }).listen(0, '127.0.0.1')
    await once(callback, 'listening')
    const { port } = callback.address() as AddressInfo
    server.configure(`demo: false\nauth: { loopback: false, method: http, http: { address: "http://127.0.0.1:${port}/", exclude: [{ action: metrics }] } }`)
    await until('the callback is asked', 5000, async () => (await whep('hall', ...bearer(CALLBACK_TOKEN))).status === 400)
    const { id, ...question } = asked.at(-1) ?? {}
    assert.equal(id, null)
    assert.deepEqual(
      { ...question, userAgent: String(question.userAgent).split('/')[0] },
      { user: '', password: '', token: CALLBACK_TOKEN, ip: '127.0.0.1', action: 'read', path: 'hall', protocol: 'webrtc', query: '', userAgent: 'curl' },
    )
    denied(await whep('hall'), 401, /To read hall/)
    allowed(await curl(`http://${authority('metrics')}/metrics`))
    allowed(await readRtsp('hall', `x:${CALLBACK_TOKEN}@`))
    allowed(await publish('rtmp', 'callback', '', `?user=x&pass=${CALLBACK_TOKEN}`))
    callback.close()
    denied(await whep('hall', '--interface', '127.0.0.5', ...bearer(CALLBACK_TOKEN)), 403, /You may not read hall/)
  })

  it('no secret is in the log', () => {
    const log = server.child.stderr + server.child.stdout.replace(`user admin, password ${admin}`, '')
    assert.ok(log.includes('access denied'), 'denials are logged')
    for (const secret of secrets) assert.ok(!log.includes(secret), `${secret} is in the log`)
  })
})
