import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { Child, stopChildren, until } from './harness/child.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'

const root = new URL('..', import.meta.url).pathname
const FREE_PORTS =
  'rtsp: { port: 0, tlsPort: 0, rtpPort: 0, rtcpPort: 0 }\nrtmp: { port: 0, tlsPort: 0 }\nhls: { port: 0 }\nwebrtc: { port: 0, icePort: 0 }\napi: { port: 0 }\nmetrics: { port: 0 }\n'

const inFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const npmStart = (cwd: string, ...args: string[]): Child => new Child('npm', ['start', '--silent', '--', ...args], { cwd })

afterEach(stopChildren)

describe('npm start', () => {
  it('prints one screen that a person can use, serves the demo, and ends with 0 on Ctrl-C', { timeout: 60_000 }, async (test) => {
    await inFolder(async (folder) => {
      const config = join(folder, 'millrace.yml')
      const ready = join(folder, 'ready.json')
      writeFileSync(config, FREE_PORTS)
      const started = performance.now()
      const child = npmStart(root, '--config', config, '--ready-file', ready)
      await until('the screen', 30_000, () => child.stdout.includes(config))
      test.diagnostic(`the screen was there after ${(performance.now() - started).toFixed(0)} ms`)
      const { ports } = JSON.parse(await until('ready', 5000, () => existsSync(ready) && readFileSync(ready, 'utf8'))) as { ports: Record<string, number> }
      for (const text of [`http://127.0.0.1:${ports.webrtc}/demo`, `rtmp://127.0.0.1:${ports.rtmp}/`, `rtsp://127.0.0.1:${ports.rtsp}/`, 'ffmpeg', 'OBS']) {
        assert.ok(child.stdout.includes(text), `${text} is not in\n${child.stdout}`)
      }
      const reader = decode('demo', `rtsp://127.0.0.1:${ports.rtsp}/demo`, ['-rtsp_transport', 'tcp'])
      await until('the demo shows pictures', 15_000, () => reader.frames() > 30)
      child.process.kill('SIGINT')
      assert.equal(await child.finished(5000), 0)
      assert.equal(await reader.child.finished(5000), 0, `the reader was told: ${reader.child.stderr}`)
    })
  })

  it('a port that is taken gives one line with the port, the protocol and the key', { timeout: 60_000 }, async () => {
    const squatter = createServer().listen(0, '127.0.0.1').unref()
    await new Promise((resolve) => squatter.once('listening', resolve))
    const { port } = squatter.address() as { port: number }
    await inFolder(async (folder) => {
      const config = join(folder, 'millrace.yml')
      for (const [protocol, key, yaml] of [
        ['RTSP', 'rtsp.port', FREE_PORTS.replace('rtsp: { port: 0', `rtsp: { port: ${port}`)],
        ['RTMP', 'rtmp.port', FREE_PORTS.replace('rtmp: { port: 0', `rtmp: { port: ${port}`)],
        ['HLS', 'hls.port', FREE_PORTS.replace('hls: { port: 0', `hls: { port: ${port}`)],
        ['WebRTC', 'webrtc.port', FREE_PORTS.replace('webrtc: { port: 0', `webrtc: { port: ${port}`)],
      ] as const) {
        writeFileSync(config, yaml)
        const child = npmStart(root, '--config', config)
        assert.equal(await child.finished(20_000), 1)
        const lines = (child.stdout + child.stderr).trim().split('\n')
        assert.equal(lines.length, 1, lines.join('\n'))
        assert.match(lines[0] ?? '', new RegExp(`${port}.*${protocol}.*${key}`))
      }
    })
    squatter.close()
  })

  it('a fault in the configuration names the line, the key and the nearest known one', { timeout: 30_000 }, async () => {
    await inFolder(async (folder) => {
      const config = join(folder, 'millrace.yml')
      writeFileSync(config, 'logLevel: info\nrtsp:\n  prot: 8554\n')
      const child = npmStart(root, '--config', config)
      assert.equal(await child.finished(20_000), 1)
      assert.match(child.stderr, /millrace\.yml:3.*prot.*port/s)
    })
  })

  it('works from a fresh clone, under the Node that the user has', { timeout: 240_000 }, async (test) => {
    await inFolder(async (folder) => {
      const clone = join(folder, 'millrace')
      const git = new Child('git', ['clone', '-q', '--depth', '1', `file://${root}`, clone])
      if ((await git.finished(60_000)) !== 0) {
        test.skip(`this tree is not a git clone that can be cloned again: ${git.stderr.trim()}`)
        return
      }
      writeFileSync(join(folder, 'millrace.yml'), FREE_PORTS)
      const child = npmStart(clone, '--config', join(folder, 'millrace.yml'), '--ready-file', join(folder, 'ready.json'))
      const started = performance.now()
      await until('the fresh clone serves', 200_000, () => {
        if (child.exitCode !== undefined) throw new Error(`ended with ${child.exitCode}: ${child.stdout}${child.stderr}`)
        return existsSync(join(folder, 'ready.json'))
      })
      test.diagnostic(`serving ${((performance.now() - started) / 1000).toFixed(1)} s after npm start in an empty folder`)
      const { ports } = JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')) as { ports: Record<string, number> }
      const page = await fetch(`http://127.0.0.1:${ports.webrtc}/demo`)
      assert.equal(page.status, 200)
      assert.match(await page.text(), /<video|<script/)
      child.process.kill('SIGINT')
      assert.equal(await child.finished(5000), 0)
    })
  })
})

describe('the program', () => {
  it('leaves nothing behind: no socket and no process after SIGTERM', { timeout: 30_000 }, async () => {
    const server = await Millrace.start('demo: true')
    await server.pathIsLive('demo')
    const { rtsp } = server.ports
    await server.stop()
    assert.equal(server.child.exitCode, 0)
    await assert.rejects(fetch(`http://127.0.0.1:${rtsp}/`))
  })
})
