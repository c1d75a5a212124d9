import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemdUnit } from './systemd-unit.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const options = { node: process.execPath, main: MAIN, program: '/opt/millrace', user: 'millrace', configFile: '/etc/millrace/millrace.yml' }
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0

describe('systemd unit', () => {
  it('is accepted by systemd-analyze verify', { skip: hasAnalyze ? false : 'systemd-analyze is not here' }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-unit-'))
    try {
      const file = join(folder, 'millrace.service')
      writeFileSync(file, systemdUnit(options))
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
      const ours = stderr.split('\n').filter((line) => line.includes('millrace'))
      assert.deepEqual([status, ours], [0, []], stderr)
      writeFileSync(file, systemdUnit(options).replace('ProtectSystem=strict', 'ProtectSystem=certainly'))
      const broken = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
      assert.match(broken.stderr, /ProtectSystem|certainly/, 'it tells what is wrong, so that its silence means something')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('leaves what is special to systemd without its meaning', () => {
    const unit = systemdUnit({ ...options, node: '/opt/n%d/node', main: '/opt/mill "race"/$main.ts' })
    assert.match(unit, /^ExecStart=\/opt\/n%%d\/node "\/opt\/mill \\"race\\"\/\$\$main\.ts" --config /m)
  })

  it('can read a program in a home folder, and hides home folders otherwise', () => {
    assert.match(systemdUnit({ ...options, node: '/usr/bin/node', main: '/opt/m/main.ts' }), /^ProtectHome=yes$/m)
    assert.match(systemdUnit({ ...options, program: ['', 'home', 'ann', 'millrace'].join('/') }), /^ProtectHome=read-only$/m)
  })
})
