import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseConfig } from '../config/load-config.ts'
import type { Log } from '../log/log.ts'
import { ListenError } from '../net/listen-error.ts'
import type { Listener, Parts } from './listener.ts'
import { Listeners } from './listeners.ts'

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET }

/** Listeners of RTMP's and HLS's port that only pretend; `taken` are ports of other programs, `log` is what they did. */
const setUp = async (text: string) => {
  const taken = new Set<number>()
  const open = new Set<number>()
  const log: string[] = []
  const pretend = (name: 'rtmp' | 'hls'): Listener => ({
    name,
    settings: (config) => (config[name].enabled ? config[name] : undefined),
    start: async (_parts, config) => {
      const { port } = config[name]
      if (taken.has(port) || open.has(port)) throw new ListenError({ code: 'EADDRINUSE' } as NodeJS.ErrnoException, name, 'TCP', port, `${name}.port`)
      open.add(port)
      log.push(`${name} opens ${port}`)
      return {
        ports: { [name]: port },
        close: async () => {
          open.delete(port)
          log.push(`${name} closes ${port}`)
        },
      }
    },
  })
  const parts = { ports: {} } as Parts
  const listeners = new Listeners([pretend('rtmp'), pretend('hls')], parts, QUIET)
  const config = parseConfig('start', text)
  await listeners.start(config)
  log.length = 0
  return { listeners, taken, log, ports: parts.ports, apply: (next: string) => listeners.apply(parseConfig('next', next)) }
}

describe('listeners whose settings change', () => {
  test('only these are started anew, the new one before the old one is closed', async () => {
    const { listeners, log, ports, apply } = await setUp('{}')
    assert.deepEqual(
      listeners.plan(parseConfig('next', 'rtmp: { port: 2000 }')).map(({ name }) => name),
      ['rtmp'],
    )
    assert.deepEqual(await apply('rtmp: { port: 2000 }'), [])
    assert.deepEqual(log, ['rtmp opens 2000', 'rtmp closes 1935'])
    assert.deepEqual(ports, { rtmp: 2000, hls: 8888 })
  })

  test('on the same port the old one is closed first', async () => {
    const { log, apply } = await setUp('{}')
    assert.deepEqual(await apply('hls: { segmentCount: 9 }'), [])
    assert.deepEqual(log, ['hls closes 8888', 'hls opens 8888'])
  })

  test('a port that is taken leaves the old one as it was, and is tried again with the next change', async () => {
    const { taken, log, ports, apply } = await setUp('{}')
    taken.add(2000)
    assert.match((await apply('rtmp: { port: 2000 }')).join(), /TCP port 2000 for rtmp is taken by another program.*; rtmp goes on as it was$/)
    assert.deepEqual([log, ports], [[], { rtmp: 1935, hls: 8888 }])
    taken.clear()
    assert.deepEqual(await apply('rtmp: { port: 2000 }\nrepublishGrace: 1s'), [])
    assert.deepEqual(log, ['rtmp opens 2000', 'rtmp closes 1935'])
  })

  test('are turned off and on', async () => {
    const { log, ports, apply } = await setUp('{}')
    await apply('rtmp: { enabled: false }')
    assert.deepEqual([log, ports], [['rtmp closes 1935'], { hls: 8888 }])
    await apply('{}')
    assert.equal(log.at(-1), 'rtmp opens 1935')
  })

  test('swap their ports in two changes', async () => {
    const { ports, apply } = await setUp('{}')
    const swapped = 'rtmp: { port: 8888 }\nhls: { port: 1935 }\nwebrtc: { port: 7000 }'
    assert.equal((await apply(swapped)).length, 2)
    await apply('rtmp: { port: 7001 }\nhls: { port: 1935 }\nwebrtc: { port: 7000 }')
    assert.deepEqual(await apply(swapped), [])
    assert.deepEqual(ports, { rtmp: 8888, hls: 1935 })
  })
})
