import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Log } from '../log/log.ts'
import { changedKeys } from './changed-keys.ts'
import { MAX_VERSIONS } from './config-history.ts'
import { ConfigStore } from './config-store.ts'
import { parseConfig } from './load-config.ts'
import type { Config } from './schema.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-store-'))
after(() => rmSync(root, { recursive: true }))

const TEXT = '# kept\nhost: 127.0.0.1\npaths:\n  a: { source: rtsp://192.0.2.1/a }\n'

const makeStore = (name: string) => {
  const folder = mkdtempSync(join(root, name))
  const file = join(folder, 'millrace.yml')
  writeFileSync(file, TEXT, { mode: 0o640 })
  const lines: string[] = []
  const write = (_fields: object, message: string): void => {
    lines.push(message)
  }
  const log: Log = { debug() {}, info: write, warn: write, error: write, child: () => log }
  const applied: Config[] = []
  const faults: string[] = []
  const target = {
    plan: (before: Config, next: Config) => ({ changes: changedKeys(before, next), listeners: [], paths: [], sessions: [] }),
    apply: async (_before: Config, next: Config) => {
      applied.push(next)
      return faults
    },
  }
  const dataFolder = join(folder, 'data')
  const store = new ConfigStore({ file, text: TEXT, config: parseConfig('millrace.yml', TEXT), env: {}, dataFolder, target, log })
  return { store, file, folder, dataFolder, lines, applied, faults, read: () => readFileSync(file, 'utf8') }
}

describe('ConfigStore', () => {
  test('a change goes into the file with its comments, into force and into the history; a rollback brings the old one back', async () => {
    const { store, file, dataFolder, applied, read } = makeStore('change')
    const next = { ...store.document(), host: '127.0.0.2' }
    assert.deepEqual(store.plan(next).changes, ['host'])
    assert.equal(applied.length, 0)
    const { version, plan } = await store.apply(next, 'alice')
    assert.deepEqual([version, plan.changes, store.current.host, applied.length], ['2', ['host'], '127.0.0.2', 1])
    assert.equal(read(), TEXT.replace('127.0.0.1', '127.0.0.2'))
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.equal(statSync(dataFolder).mode & 0o777, 0o700)
    await store.rollback('1', 'bob')
    assert.equal(read(), TEXT)
    assert.equal(store.current.host, '127.0.0.1')
    assert.equal(await store.rollback('77', 'bob'), undefined)
    assert.deepEqual(
      (await store.history()).map(({ version, by, changes }) => [version, by, changes]),
      [
        ['3', 'bob, back to 1', ['host']],
        ['2', 'alice', ['host']],
        ['1', 'file', []],
      ],
    )
  })

  test('a fault changes nothing', async () => {
    const { store, applied, read } = makeStore('fault')
    await assert.rejects(store.apply({ ...store.document(), hots: 1 }, 'alice'), /millrace\.yml:\d+:1: hots is no key that is known: did you mean host/)
    assert.throws(() => store.plan({ rtsp: { port: 'x' } }), /rtsp\.port is "x"/)
    assert.deepEqual([read(), applied.length, (await store.history()).length], [TEXT, 0, 0])
  })

  test('changes at the same time come one after the other', async () => {
    const { store, read } = makeStore('turns')
    await Promise.all(Array.from({ length: 5 }, (_, i) => store.apply({ ...store.document(), republishGrace: `${i + 1}s` }, 'alice')))
    assert.match(read(), /republishGrace: 5s/)
    assert.equal(store.current.republishGrace, 5000)
  })

  test('what somebody writes to the file is taken; what is wrong is said once, with line and key, and changes nothing', async () => {
    const { store, file, applied, lines } = makeStore('reload')
    writeFileSync(file, TEXT.replace('127.0.0.1', '127.0.0.3'))
    await store.reload()
    assert.equal(store.current.host, '127.0.0.3')
    for (let i = 0; i < 2; i++) {
      writeFileSync(file, 'host: 127.0.0.4\nrtsp:\n  prot: 1\n')
      await store.reload()
    }
    assert.deepEqual([store.current.host, applied.length], ['127.0.0.3', 1])
    const said = lines.filter((line) => line.includes('not taken'))
    assert.equal(said.length, 1)
    assert.match(said[0] ?? '', /the one before stays: millrace\.yml:3:3: rtsp\.prot is no key that is known: did you mean port/)
    rmSync(file)
    await store.reload()
    assert.match(lines.at(-1) ?? '', /cannot be read \(ENOENT\)/)
  })

  test('what could not be done is in the answer and in the log', async () => {
    const { store, faults, lines } = makeStore('partly')
    faults.push('TCP port 8555 for RTSP is taken')
    const applied = await store.apply({ ...store.document(), rtsp: { port: 8555 } }, 'alice')
    assert.deepEqual(applied.faults, faults)
    assert.match(lines.at(-1) ?? '', /not everything .* TCP port 8555/)
  })

  test('keeps a bounded number of versions', async () => {
    const { store, dataFolder } = makeStore('many')
    for (let i = 0; i < MAX_VERSIONS + 5; i++) await store.apply({ ...store.document(), republishGrace: `${i + 1}ms` }, 'alice')
    assert.equal(readdirSync(join(dataFolder, 'config-history')).length, MAX_VERSIONS)
    assert.equal((await store.history())[0]?.version, String(MAX_VERSIONS + 6))
  })

  test('a process that is killed while it writes, 50 times, leaves the old configuration or the new one', { timeout: 120_000 }, async () => {
    const KILLS = 50
    const AT_ONCE = 5
    const program = fileURLToPath(new URL('../../test/config/change-forever.ts', import.meta.url))
    const filler = Array.from({ length: 40 }, (_, i) => `  filler-${i}: { source: "rtsp://192.0.2.1/${'x'.repeat(300)}" } # hall ${i}\n`).join('')
    const killOften = async (name: string): Promise<number> => {
      const folder = mkdtempSync(join(root, name))
      const file = join(folder, 'millrace.yml')
      let changes = 0
      writeFileSync(file, `# kept\nrepublishGrace: 0ms\npaths:\n${filler}  last: { source: rtsp://192.0.2.1/0 }\n`)
      for (let kill = 0; kill < KILLS / AT_ONCE; kill++) {
        // The first message is that it begins.
        let told = changes
        const child = fork(program, [file, join(folder, 'data')], {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
          env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') },
        })
        child.on('message', (count) => {
          told = Number(count)
        })
        await once(child, 'message')
        // Every other one is killed in its first change, the rest in a later one.
        if (kill % 2 === 1) await once(child, 'message')
        await sleep(Math.random() * 50)
        child.kill('SIGKILL')
        await once(child, 'close')
        const text = readFileSync(file, 'utf8')
        const config = parseConfig('millrace.yml', text)
        assert.equal(Object.keys(config.paths).length, 41)
        assert.match(text, /^# kept\n/)
        // The two keys are of the same change: the last one that was told, or the next.
        const written = config.republishGrace
        assert.equal(config.paths.last?.source, `rtsp://192.0.2.1/${written}`)
        assert.ok(written === told || written === told + 1, `change ${told} was told, ${written} is in the file`)
        changes = written
      }
      return changes
    }
    const changes = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => killOften(`kill-${i}-`)))
    assert.ok(Math.min(...changes) >= KILLS / AT_ONCE / 2, 'hardly anything was written')
  })
})
