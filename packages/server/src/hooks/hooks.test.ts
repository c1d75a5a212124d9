import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Config } from '../config/schema.ts'
import type { PathConfig } from '../config/sections/paths.ts'
import type { Log } from '../log/log.ts'
import { EventBus } from '../net/event-bus.ts'
import type { PathDirectory } from '../net/path-directory.ts'
import { Hooks } from './hooks.ts'

const WAIT_MS = 5000

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const deadlineMs = performance.now() + WAIT_MS
  while (!holds()) {
    if (performance.now() > deadlineMs) assert.fail(`${what}: not within ${WAIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('hooks', () => {
  let folder: string
  let hooks: Hooks | undefined
  const lines: string[] = []
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug() {}, info: note, warn: note, error: note, child: () => log }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-hooks-'))
  })
  afterEach(async () => {
    await hooks?.close()
    lines.length = 0
  })
  after(() => rmSync(folder, { recursive: true }))

  const setUp = (path: Partial<PathConfig>, settings: Partial<Config['hooks']> = {}) => {
    const events = new EventBus((error) => assert.fail(String(error)))
    const paths = { resolvePath: (name: string) => ({ name, config: path, groups: [name, 'hall', '7'] }) } as unknown as PathDirectory
    const config = { maxCommands: 8, commandTimeout: 5000, webhookTimeout: 2000, webhooks: [], ...settings }
    hooks = new Hooks({ events, paths, log }, { config: () => config, rtspPort: () => 8554 })
    return { events, hooks, file: (name: string) => join(folder, name) }
  }
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

  it('a command gets what happened in its environment, and none of it in its text', async () => {
    const { events, file } = setUp({
      runOnNotReady: `printf '%s|' "$HOOK_EVENT" "$HOOK_PATH" "$HOOK_REASON" "$RTSP_PORT" "$MTX_PATH" "$G1" "$G2" > ${folder}/told`,
    })
    events.publish({ type: 'path-not-ready', path: 'lecture/hall-7', reason: '$(touch pwned); `touch pwned`' })
    await until('the command wrote', () => read(file('told')).split('|').length === 8)
    assert.equal(read(file('told')), 'path-not-ready|lecture/hall-7|$(touch pwned); `touch pwned`|8554|lecture/hall-7|hall|7|')
  })

  it('a name with a NUL does not keep a command from running', async () => {
    const { events, file } = setUp({ runOnUnread: `printf '%s' "$HOOK_USER" > ${folder}/user` })
    events.publish({ type: 'reader-left', path: 'cam', user: 'an\0n\n' })
    await until('the command wrote', () => read(file('user')) === 'ann\n')
  })

  it('what lasts is ended with all that it started when the path is no longer ready', async () => {
    const { events, hooks, file } = setUp({ runOnReady: `sleep 60 & echo $! > ${folder}/child; trap '' TERM; wait; sleep 60` })
    events.publish({ type: 'path-ready', path: 'cam' })
    await until('it runs', () => read(file('child')).endsWith('\n'))
    const child = Number(read(file('child')))
    assert.ok(isAlive(child))
    events.publish({ type: 'path-not-ready', path: 'cam' })
    await until('the whole group is gone, though it ignores SIGTERM', () => !isAlive(child) && hooks.running === 0)
  })

  it('readers have commands of their own', async () => {
    const { events, hooks, file } = setUp({
      runOnRead: `echo "$HOOK_SESSION" >> ${folder}/readers; sleep 60`,
      runOnUnread: `echo "left $HOOK_SESSION" >> ${folder}/readers`,
    })
    for (const session of ['a', 'b']) events.publish({ type: 'reader-joined', path: 'cam', session })
    await until('both run', () => read(file('readers')).length >= 4)
    events.publish({ type: 'reader-left', path: 'cam', session: 'a' })
    await until('one is told', () => read(file('readers')).includes('left a'))
    await until('the other one goes on alone', () => hooks.running === 1)
  })

  it('a command that takes too long is ended, and one too many is not run; the log says so', async () => {
    const { events, hooks } = setUp({ runOnUnread: 'sleep 60' }, { commandTimeout: 100, maxCommands: 2 })
    for (const session of ['a', 'b', 'c']) events.publish({ type: 'reader-left', path: 'cam', session })
    assert.deepEqual([hooks.running, hooks.skipped], [2, 1])
    await until('both are ended', () => hooks.running === 0)
    assert.ok(lines.some((line) => line.startsWith('hook took too long')))
    assert.ok(lines.some((line) => line.startsWith('hook not run')))
  })

  it('output and failure reach the log, a flood of output in part', async () => {
    const { events, hooks } = setUp({ runOnNotReady: 'echo hello; yes | head -c 1000000; head -c 100000 /dev/zero | tr "\\0" x; exit 3' })
    events.publish({ type: 'path-not-ready', path: 'cam' })
    await until('it ended', () => hooks.running === 0 && lines.some((line) => line.startsWith('hook failed')))
    assert.ok(lines.some((line) => line.startsWith('hook: hello')))
    assert.ok(lines.length < 110, `${lines.length} lines`)
    assert.ok(lines.some((line) => line.startsWith('hook failed {"code":3')))
  })

  it('the end of the server ends commands', async () => {
    const { events, hooks, file } = setUp({ runOnReady: `echo $$ > ${folder}/own; exec sleep 60` })
    events.publish({ type: 'path-ready', path: 'cam' })
    await until('it runs', () => read(file('own')).endsWith('\n'))
    await hooks.close()
    assert.equal(isAlive(Number(read(file('own')))), false)
  })

  it('webhooks are told in order and signed; one that fails is tried again', async () => {
    const requests: { body: string; signature: string | undefined }[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      requests.push({ body, signature: request.headers['x-millrace-signature'] as string | undefined })
      response.writeHead(requests.length === 1 ? 503 : 204).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
    const { events } = setUp({}, { webhooks: [{ url, events: ['path-ready', 'reader-left'], secret: 'key' }] })
    events.publish({ type: 'path-ready', path: 'cam' })
    events.publish({ type: 'reader-joined', path: 'cam' })
    events.publish({ type: 'reader-left', path: 'cam' })
    await until('three requests came', () => requests.length === 3)
    assert.deepEqual(
      requests.map(({ body }) => JSON.parse(body).type),
      ['path-ready', 'path-ready', 'reader-left'],
    )
    for (const { body, signature } of requests) assert.equal(signature, `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`)
    server.close()
  })
})
