import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { stopChildren, until } from './harness/child.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { startCamera } from './harness/publishers.ts'
import { ffprobe } from './harness/readers.ts'

const source = (url: string, transport = 'auto') => `demo: false\nrepublishGrace: 20s\npaths:\n  cam: { source: "${url}", rtspTransport: ${transport} }`

describe('a camera that the server pulls', () => {
  afterEach(stopChildren)

  for (const transport of ['tcp', 'udp']) {
    it(`goes away and comes back by ${transport}, and its readers go on`, { timeout: 90_000 }, async () => {
      const first = await startCamera(['--auth', 'basic'])
      const server = await Millrace.start(source(`rtsp://admin:secret@127.0.0.1:${first.port}/stream`, transport))
      await server.pathIsLive('cam')
      const reader = decode('RTSP', server.url('rtsp', 'cam'), ['-rtsp_transport', 'tcp'])
      await until('pictures', 15_000, () => reader.frames() > 30)
      await first.child.stop('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const before = reader.frames()
      const again = await startCamera(['--auth', 'basic', '--port', `${first.port}`])
      await until('pictures again', 40_000, () => reader.frames() > before + 60)
      assert.equal(reader.child.exitCode, undefined, reader.child.stderr)
      assert.ok(!server.child.stderr.includes('secret') && !server.child.stdout.includes('secret'), 'no credentials in the log')
      await reader.child.stop()
      await server.stop()
      await again.child.stop()
    })
  }

  it('falls back to TCP where the camera refuses UDP', { timeout: 60_000 }, async () => {
    const camera = await startCamera(['--transport', 'tcp', '--auth', 'digest'])
    const server = await Millrace.start(source(`rtsp://admin:secret@127.0.0.1:${camera.port}/stream`))
    await server.pathIsLive('cam', 25_000)
    assert.equal((await ffprobe(server.url('rtsp', 'cam'), ['-rtsp_transport', 'tcp'])).length, 2)
    await server.stop()
    await camera.child.stop()
  })

  it('with a wrong password is not live, and the log says why without the password', { timeout: 60_000 }, async () => {
    const camera = await startCamera(['--auth', 'digest'])
    const server = await Millrace.start(source(`rtsp://admin:wrongpass@127.0.0.1:${camera.port}/stream`))
    await until('the log says that the camera refused', 15_000, () => server.logLines('cam').some((line) => /401|password|credentials/i.test(line)))
    assert.ok(!server.child.stderr.includes('wrongpass'))
    await server.stop()
    await camera.child.stop()
  })
})
