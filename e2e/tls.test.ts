import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { ffmpegPublish } from './harness/publishers.ts'
import { ffprobe } from './harness/readers.ts'

const HOST = '127.0.0.1'

const certificateOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.subject ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })

const curl = async (...args: string[]): Promise<string> => {
  const child = new Child('curl', ['--silent', '--show-error', '--max-time', '10', ...args])
  await child.finished(15_000)
  return child.stdout + child.stderr
}

describe('TLS', () => {
  let folder: string
  const file = (name: string): string => join(folder, name)
  /** A certificate as an administrator makes it, by another program than ours. */
  const makeCertificate = (name: string): void => {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=IP:${HOST}`]
    const output = ['-out', file(`${name}.crt`), '-keyout', file(`${name}.key`)]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', ...subject, ...output], {
      stdio: 'ignore',
    })
  }
  const use = (name: string): void => {
    cpSync(file(`${name}.key`), file('server.key'))
    cpSync(file(`${name}.crt`), file('server.crt'))
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
    for (const name of ['first', 'second']) makeCertificate(name)
    use('first')
  })
  after(async () => {
    await stopChildren()
    rmSync(folder, { recursive: true })
  })

  describe('with a certificate', () => {
    let server: Millrace
    before(async () => {
      server = await Millrace.start(`tls: { certificate: ${file('server.crt')}, key: ${file('server.key')} }`)
    })
    after(() => server.stop())

    it('ffmpeg publishes by RTMPS, and RTSPS, RTMPS and HTTPS give it back', { timeout: 60_000 }, async () => {
      const { rtmps, rtsps, hls, webrtc } = server.ports
      await ffmpegPublish(`rtmps://${HOST}:${rtmps}/secret`, ['-f', 'flv'], await clip({ audio: 'aac' }))
      await server.pathIsLive('secret')
      const readers = [
        ffprobe(`rtsps://${HOST}:${rtsps}/secret`, ['-rtsp_transport', 'tcp'], 2),
        ffprobe(`rtmps://${HOST}:${rtmps}/secret`, [], 2),
        ffprobe(`https://${HOST}:${hls}/secret/index.m3u8`, [], 2),
      ]
      for (const streams of await Promise.all(readers)) {
        const video = streams.find(({ codec_name }) => codec_name === 'h264')
        assert.ok(Number(video?.nb_read_frames) >= 30, JSON.stringify(streams))
      }
      assert.match(await curl('--cacert', file('first.crt'), `https://${HOST}:${webrtc}/secret`), /<html/i)
      assert.match(await curl(`https://${HOST}:${webrtc}/secret`), /self.signed|certificate/i, 'who does not trust it is not served')
      assert.match(await curl(`http://${HOST}:${webrtc}/secret`), /<html/i, 'the same port answers without TLS')
    })

    it('media of RTSPS never goes by UDP', async () => {
      const socket = connect({ host: HOST, port: server.ports.rtsps, rejectUnauthorized: false })
      let answers = ''
      socket.on('data', (bytes) => (answers += bytes))
      const url = `rtsps://${HOST}:${server.ports.rtsps}/secret/trackID=0`
      for (const [index, transport] of ['RTP/AVP;unicast;client_port=5000-5001', 'RTP/AVP/TCP;unicast;interleaved=0-1'].entries()) {
        socket.write(`SETUP ${url} RTSP/1.0\r\nCSeq: ${index + 1}\r\nTransport: ${transport}\r\n\r\n`)
        await until('an answer', 5000, () => answers.includes(`CSeq: ${index + 1}`))
      }
      socket.destroy()
      assert.deepEqual(answers.match(/RTSP\/1\.0 \d+/g), ['RTSP/1.0 461', 'RTSP/1.0 200'])
    })

    it('renewed files are used within seconds, and connections go on', { timeout: 30_000 }, async () => {
      const { webrtc, rtsps } = server.ports
      assert.equal(await certificateOf(webrtc), 'CN=first')
      const open = connect({ host: HOST, port: rtsps, rejectUnauthorized: false })
      let answer = ''
      open.on('data', (bytes) => (answer += bytes))
      use('second')
      await until('the new certificate is there', 15_000, async () => (await certificateOf(webrtc)) === 'CN=second')
      assert.equal(await certificateOf(rtsps), 'CN=second')
      open.write(`OPTIONS rtsps://${HOST}/secret RTSP/1.0\r\nCSeq: 1\r\n\r\n`)
      await until('the connection of before answers', 5000, () => answer.startsWith('RTSP/1.0 200'))
      open.destroy()
    })

    it('a connection that is no TLS, or nothing at all, is closed and harms nobody', async () => {
      const child = new Child('curl', ['--silent', '--max-time', '15', `http://${HOST}:${server.ports.rtsps}/`])
      assert.notEqual(await child.finished(20_000), 0)
      assert.match(await curl('--insecure', `https://${HOST}:${server.ports.webrtc}/secret`), /<html/i)
    })
  })

  it('strict: HTTP leads to HTTPS, RTSP and RTMP are not listened on without TLS', async () => {
    const server = await Millrace.start(
      `demo: false\nwebrtc: { port: 0, icePort: 0, encryption: strict }\nrtmp: { port: 0, tlsPort: 0, encryption: strict }\ntls: { certificate: ${file('first.crt')}, key: ${file('first.key')} }`,
    )
    const { webrtc, rtmp, rtmps } = server.ports
    const answer = await curl('--head', `http://${HOST}:${webrtc}/a/b?c=d`)
    assert.match(answer, /^HTTP\/1\.1 308/)
    assert.match(answer, new RegExp(`location: https://${HOST}:${webrtc}/a/b\\?c=d`, 'i'))
    assert.deepEqual([rtmp ?? 0, (rtmps ?? 0) > 0], [0, true])
    await server.stop()
  })

  it('without a certificate one is made: a page from another address has a camera', { timeout: 60_000 }, async () => {
    const server = await Millrace.start('demo: false')
    const browser = await launchChromium(undefined, [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--host-resolver-rules=MAP hall.example 127.0.0.1',
    ])
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      const page = await context.newPage()
      const hasCamera = async (scheme: string): Promise<boolean> => {
        await page.goto(`${scheme}://hall.example:${server.ports.webrtc}/hall/publish`)
        return page.evaluate(() => 'mediaDevices' in navigator)
      }
      assert.deepEqual([await hasCamera('http'), await hasCamera('https')], [false, true])
      // By HTTP browsers do not say that a script asks: they would ask for the password by a window of their own.
      for (const scheme of ['http', 'https']) {
        await page.goto(`${scheme}://hall.example:${server.ports.webrtc}/hall`)
        await page.getByRole('button', { name: 'Sign in' }).waitFor({ timeout: 10_000 })
      }
      assert.equal(readFileSync(join(server.folder, 'millrace-data/tls/self-made.crt'), 'utf8').startsWith('-----BEGIN CERTIFICATE'), true)
    } finally {
      await browser.close()
      await server.stop()
    }
  })
})
