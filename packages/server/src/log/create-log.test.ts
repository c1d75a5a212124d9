import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog } from './create-log.ts'

const capture = () => {
  const lines: string[] = []
  return { lines, output: { write: (text: string) => lines.push(text) } }
}

describe('createLog', () => {
  test('pretty lines name protocol, path and client in this order, then the sentence, then other fields', () => {
    const { lines, output } = capture()
    const log = createLog({ level: 'info', format: 'pretty' }, output)
    log.child({ client: '127.0.0.1:5123' }).info({ path: 'lecture/hall-1', protocol: 'rtsp', tracks: 2 }, 'publishing H.264 + AAC')
    assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d INFO {2}rtsp lecture\/hall-1 127\.0\.0\.1:5123 publishing H\.264 \+ AAC tracks=2\n$/)
  })

  test('json lines keep the fields', () => {
    const { lines, output } = capture()
    createLog({ level: 'info', format: 'json' }, output).warn({ path: 'a', protocol: 'rtmp' }, 'left')
    const { level, path, protocol, msg } = JSON.parse(lines[0] ?? '')
    assert.deepEqual([level, path, protocol, msg], [40, 'a', 'rtmp', 'left'])
  })

  test('what is below the level is left out', () => {
    const { lines, output } = capture()
    const log = createLog({ level: 'warn', format: 'pretty' }, output)
    log.info({}, 'no')
    log.debug({}, 'no')
    log.error({}, 'yes')
    assert.equal(lines.length, 1)
  })

  test('a peer cannot start a line of its own or colour the terminal', () => {
    const { lines, output } = capture()
    createLog({ level: 'info', format: 'pretty' }, output).info({ path: 'a\n12:00:00 INFO  forged' }, 'user agent \x1b[2J')
    assert.equal(lines.join('').split('\n').length, 2)
    assert.match(lines[0] ?? '', /a\\x0a12:00:00 INFO {2}forged user agent \\x1b\[2J/)
  })

  test('an error comes with its stack', () => {
    const { lines, output } = capture()
    createLog({ level: 'info', format: 'pretty' }, output).error({ err: new Error('broken') }, 'failed')
    assert.match(lines[0] ?? '', /failed\n +Error: broken\n +at /)
  })
})
