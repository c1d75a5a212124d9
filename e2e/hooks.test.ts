import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp } from './harness/publishers.ts'

describe('hooks', () => {
  let folder: string
  let server: Millrace
  const told = (): string => (existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8') : '')
  const note = (key: string): string => `${key}: 'echo "$HOOK_EVENT $HOOK_PATH $HOOK_PROTOCOL $G1" >> ${folder}/told'`

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-hooks-'))
    const copy = `runOnReady: 'echo $$ > ${folder}/copier; exec ffmpeg -v error -nostdin -y -i rtsp://127.0.0.1:$RTSP_PORT/$HOOK_PATH -c copy ${folder}/copy.flv'`
    const notes = ['runOnNotReady', 'runOnUnread', 'runOnPublish'].map(note)
    server = await Millrace.start(`demo: false\npaths:\n  '~hall-(\\d+)':\n    ${[copy, ...notes].join('\n    ')}`)
  })
  after(async () => {
    await stopChildren()
    rmSync(folder, { recursive: true })
  })

  it('ffmpeg copies a stream while it is published, and commands are told of readers and publishers', { timeout: 60_000 }, async () => {
    const publisher = await publishRtmp(server, 'hall-7', await clip({ audio: 'aac' }))
    await until('the copy grows', 20_000, () => existsSync(join(folder, 'copy.flv')) && readFileSync(join(folder, 'copy.flv')).length > 100_000)
    const reader = decode('reader', server.url('rtmp', 'hall-7'))
    await until('the reader has pictures', 15_000, () => reader.frames() > 10)
    await reader.child.stop('SIGKILL')
    await until('the reader’s end is told', 10_000, () => told().includes('reader-left hall-7 rtmp 7'))
    await publisher.stop('SIGKILL')
    await until('the path’s end is told', 15_000, () => told().includes('path-not-ready hall-7 rtmp 7'))
    assert.match(told(), /^publisher-connected hall-7 rtmp 7$/m)
    const copier = Number(readFileSync(join(folder, 'copier'), 'utf8'))
    await until('ffmpeg is gone', 10_000, () => !existsSync(`/proc/${copier}`))
  })

  it('nothing that a hook started outlives the server', { timeout: 60_000 }, async () => {
    await publishRtmp(server, 'hall-8', await clip({ audio: 'aac' }))
    const before = Number(readFileSync(join(folder, 'copier'), 'utf8'))
    const copier = (): number => Number(readFileSync(join(folder, 'copier'), 'utf8'))
    await until('ffmpeg runs', 15_000, () => copier() !== before && existsSync(`/proc/${copier()}`))
    await server.stop()
    assert.equal(existsSync(`/proc/${copier()}`), false)
  })
})
