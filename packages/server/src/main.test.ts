import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const MAIN = join(import.meta.dirname, 'main.ts')

const millrace = (...args: string[]): { readonly status: number | null; readonly told: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 })
  return { status, told: stdout + stderr }
}

describe('millrace on the command line', () => {
  const CASES: readonly (readonly [line: string, status: number, told: RegExp])[] = [
    ['--help', 0, /^usage: millrace \[FILE\]/],
    ['user --help', 0, /^usage: millrace user add NAME/],
    ['doctor -h', 0, /^usage: millrace doctor \[FILE\]/],
    ['user add ann --publish', 1, /--publish.*missing\n\nusage: millrace user add NAME/],
    ['chekc', 1, /^there is no command and no file chekc: did you mean check\?\n/],
    ['--prot 3', 1, /^Unknown option '--prot'\n\nusage: millrace \[FILE\]/],
    ['check no-such.yml', 1, /^no-such\.yml: cannot be read .*: name a file that exists/],
  ]
  for (const [line, status, told] of CASES) {
    test(`${line}: exit code ${status}`, () => {
      const answer = millrace(...line.split(' '))
      assert.match(answer.told, told)
      assert.equal(answer.status, status)
    })
  }
})
