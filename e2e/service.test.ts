import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Child, stopChildren, until } from './harness/child.ts'
import type { Ports } from './harness/millrace.ts'

const MAIN = new URL('../packages/server/src/main.ts', import.meta.url).pathname

const millrace = async (...args: string[]): Promise<{ readonly code: number | string | undefined; readonly output: string }> => {
  const child = new Child(process.execPath, [MAIN, ...args])
  const code = await child.finished(30_000)
  return { code, output: child.stdout + child.stderr }
}

const isRoot = process.getuid?.() === 0
const NOBODY = 65534
const canRun = isRoot && spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--check', MAIN]).status === 0

describe('operating it', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-service-'))
    chmodSync(folder, 0o755)
  })
  after(async () => {
    await stopChildren()
    rmSync(folder, { recursive: true })
  })

  it('the unit’s command runs under a user without rights and the unit’s limits', {
    skip: canRun ? false : 'only root can become another user, who must be able to read the program',
    timeout: 60_000,
  }, async () => {
    const { output: unit } = await millrace('service', 'print')
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? assert.fail(`the unit has no ${key}`)
    const configFile = join(folder, 'millrace.yml')
    const readyFile = join(folder, 'ready.json')
    writeFileSync(
      configFile,
      'rtsp: { port: 0, tlsPort: 0, rtpPort: 0, rtcpPort: 0 }\nrtmp: { port: 0, tlsPort: 0 }\nhls: { port: 0 }\nwebrtc: { port: 0, icePort: 0 }\napi: { port: 0 }\nmetrics: { port: 0 }\n',
    )
    for (const file of [folder, configFile]) chownSync(file, NOBODY, NOBODY)
    const command = value('ExecStart').replace('/etc/millrace/millrace.yml', configFile).split(' ')
    const rights = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--no-new-privs',
      '--bounding-set=-all,+net_bind_service',
      '--inh-caps=-all,+net_bind_service',
      '--ambient-caps=-all,+net_bind_service',
    ]
    const environment = ['-i', `STATE_DIRECTORY=${folder}/state`, 'PATH=/usr/bin:/bin', `HOME=${folder}`]
    // A container may allow less than the unit asks for.
    const allowed = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
    const files = Math.min(Number(value('LimitNOFILE')), allowed)
    const child = new Child('prlimit', [`--nofile=${files}`, 'setpriv', ...rights, 'env', ...environment, ...command, '--ready-file', readyFile])
    await until('it is ready', 20_000, () => {
      if (child.exitCode !== undefined) throw new Error(`it ended with ${child.exitCode}\n${child.stdout}\n${child.stderr}`)
      return existsSync(readyFile) && readFileSync(readyFile, 'utf8') !== ''
    })
    const { ports } = JSON.parse(readFileSync(readyFile, 'utf8')) as { ports: Ports }
    assert.equal((await fetch(`http://127.0.0.1:${ports.webrtc}/demo`)).status, 200)
    const status = readFileSync(`/proc/${child.process.pid}/status`, 'utf8')
    assert.match(status, /^Uid:\s+65534\s+65534/m)
    assert.match(status, /^NoNewPrivs:\s+1$/m)
    assert.match(readFileSync(`/proc/${child.process.pid}/limits`, 'utf8'), new RegExp(`^Max open files\\s+${files}\\s+${files}`, 'm'))
    assert.match(child.stdout, /password/i, 'the administrator’s password is shown at the first start')
    child.process.kill('SIGTERM')
    assert.equal(await child.finished(10_000), 0)
    assert.equal(statSync(join(folder, 'state')).uid, NOBODY)
    assert.equal(statSync(join(folder, 'state')).mode & 0o077, 0, 'nobody else can read what the server keeps')
  })

  it('without systemd, service install says what to do', {
    skip: existsSync('/run/systemd/system') ? 'systemd runs here: the service is not touched' : false,
  }, async () => {
    const { code, output } = await millrace('service', 'install')
    assert.equal(code, 1)
    assert.match(output, /systemd does not run here: .*service print/)
  })

  it('cert makes a certificate that doctor accepts', { timeout: 60_000 }, async () => {
    const made = await millrace('cert', 'hall.example.edu', '127.0.0.1', '--out', join(folder, 'certs'), '--days', '100')
    assert.equal(made.code, 0, made.output)
    const configFile = join(folder, 'doctor.yml')
    writeFileSync(configFile, `host: 127.0.0.1\n${made.output.slice(made.output.indexOf('tls:'))}`)
    const { output } = await millrace('doctor', configFile)
    assert.match(output, /^ok {3}certificate \(tls\): good for 99 days, for hall\.example\.edu, 127\.0\.0\.1$/m)
    for (const about of ['Node.js', 'TCP port 8554 (rtsp.port)', 'addresses for browsers', 'file limit', 'clock', 'disk', 'ffmpeg']) {
      assert.ok(output.includes(` ${about}: `), `nothing about ${about} in\n${output}`)
    }
  })

  it('doctor finds a port that is taken, and says by which key to change it', { timeout: 60_000 }, async () => {
    const { createServer } = await import('node:net')
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const configFile = join(folder, 'taken.yml')
    writeFileSync(configFile, `rtmp: { port: ${port} }\nwebrtc: { port: 0 }\n`)
    const { code, output } = await millrace('doctor', configFile)
    server.close()
    assert.equal(code, 1)
    assert.match(output, new RegExp(`^FAIL TCP port ${port} \\(rtmp\\.port\\): taken by another program\\n {5}→ .*set another rtmp\\.port$`, 'm'))
  })
})
