import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { RotatingFile } from './rotating-file.ts'

describe('rotated log file', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-log-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('keeps the newest lines in as many files as were asked for, each whole', () => {
    const file = join(folder, 'millrace.log')
    const log = new RotatingFile({ file, maxBytes: 50, keep: 2 })
    for (let index = 10; index < 40; index++) log.write(`line ${index}\n`)
    log.close()
    assert.deepEqual(readdirSync(folder).sort(), ['millrace.log', 'millrace.log.1', 'millrace.log.2'])
    const text = ['.2', '.1', ''].map((end) => readFileSync(file + end, 'utf8')).join('')
    assert.equal(text, Array.from({ length: 18 }, (_, index) => `line ${index + 22}\n`).join(''))
  })

  it('goes on where an earlier run ended', () => {
    const file = join(folder, 'again.log')
    const options = { file, maxBytes: 50, keep: 1 }
    for (const text of ['one\n', 'two\n']) {
      const log = new RotatingFile(options)
      log.write(text)
      log.close()
    }
    assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n')
  })

  it('a folder that is not there is an error at once', () => {
    assert.throws(() => new RotatingFile({ file: join(folder, 'no', 'such.log'), maxBytes: 50, keep: 1 }), /ENOENT/)
  })
})
