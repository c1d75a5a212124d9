import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { start } from '../../../test/real-program.ts'
import { makeContext, type TestContextOfServer, untilLive } from '../../../test/rtsp/real-programs.ts'
import { until } from '../../../test/until.ts'
import { startRtspSource } from './rtsp-source.ts'

const SCRIPT = fileURLToPath(new URL('../../../../../e2e/harness/camera.py', import.meta.url))
const USER = 'viewer'
const PASSWORD = 'p@ss:word'

/** GStreamer's RTSP server. @param port 0 for any free one */
const startCamera = async (t: TestContext, method: string, transport: string, port = '0'): Promise<{ child: ChildProcess; port: string }> => {
  const child = start(t, '/usr/bin/python3', [SCRIPT, '--auth', method, '--transport', transport, '--port', port, '--user', USER, '--password', PASSWORD])
  let complaints = ''
  child.stderr?.on('data', (bytes) => (complaints += bytes))
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (bytes) => resolve(String(bytes).trim()))
    child.once('exit', () => reject(new Error(`the camera did not start; apt-get install python3-gi gir1.2-gst-rtsp-server-1.0? ${complaints}`)))
  })
  return { child, port: await listening }
}

const pull = (t: TestContext, port: string, transport: 'auto' | 'tcp' | 'udp', password = PASSWORD): TestContextOfServer => {
  const context = makeContext(t)
  const url = `rtsp://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/stream`
  const source = startRtspSource(context, { path: 'cam', url, transport })
  t.after(() => source.close())
  return context
}

const CASES: readonly [method: string, offered: string, wanted: 'auto' | 'tcp' | 'udp', over: string][] = [
  ['none', 'any', 'udp', 'UDP'],
  ['basic', 'any', 'tcp', 'TCP'],
  ['digest', 'any', 'udp', 'UDP'],
  ['digest', 'tcp', 'auto', 'TCP'],
]
for (const [method, offered, wanted, over] of CASES) {
  test(`a camera with authentication ${method} that offers ${offered} is pulled by ${wanted}`, async (t) => {
    const camera = await startCamera(t, method, offered)
    const context = pull(t, camera.port, wanted)
    await context.logged(`source plays H.264 + Opus over ${over}`)
    await untilLive(context, 'cam')
    const units = new Map<string, number>()
    context.hub.find('cam')?.readUnits({ onUnit: (track) => units.set(track.codec.name, (units.get(track.codec.name) ?? 0) + 1) })
    await until('a second of pictures and sound', () => (units.get('h264') ?? 0) > 30 && (units.get('opus') ?? 0) > 30)
    assert.ok(!context.lines.some((line) => line.includes(PASSWORD) || line.includes(encodeURIComponent(PASSWORD))))
  })
}

test('a wrong password is said to be wrong, and never logged', async (t) => {
  const camera = await startCamera(t, 'digest', 'any')
  const context = pull(t, camera.port, 'tcp', 'guess')
  await context.logged('does not accept the user name and the password; trying again in')
  assert.ok(!context.lines.some((line) => line.includes('guess')))
})

test('a camera that goes away and comes back plays on for its readers', async (t) => {
  const camera = await startCamera(t, 'none', 'any')
  const context = pull(t, camera.port, 'tcp')
  await untilLive(context, 'cam')
  const stream = context.hub.find('cam')
  assert.ok(stream)
  let units = 0
  stream.addClient({ protocol: 'test', remote: 'here', end: () => {} })
  stream.readUnits({ onUnit: () => units++ })
  camera.child.kill('SIGKILL')
  await once(camera.child, 'exit')
  await context.logged('source lost: ')
  const before = units
  await startCamera(t, 'none', 'any', camera.port)
  await until('pictures again', () => units > before + 30)
  assert.equal(context.hub.find('cam'), stream)
})
