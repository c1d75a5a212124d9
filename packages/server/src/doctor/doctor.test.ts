import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import { makeSelfSigned } from '../tls/self-signed.ts'
import { findingLines } from './finding.ts'
import { checkCertificate, checkPorts, checkReachability } from './network-checks.ts'
import { checkClock, checkDisk, checkFfmpeg, checkFileLimit, checkNode, checkSocketBuffers } from './system-checks.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

describe('doctor', () => {
  it('file limit: enough, too small, not known', () => {
    const at = (limit: string) => checkFileLimit(() => `Limit  Soft\nMax open files            ${limit}               524288  files\n`)
    assert.deepEqual([at('65536').state, at('unlimited').state, at('1024').state], ['ok', 'ok', 'warning'])
    assert.match(at('1024').found, /about 512 clients/)
    assert.equal(checkFileLimit(() => undefined).state, 'ok')
  })

  it('buffers of UDP sockets', () => {
    const findings = checkSocketBuffers((file) => (file.endsWith('rmem_max') ? '212992\n' : '4194304\n'))
    assert.deepEqual(
      findings.map(({ state, about }) => [about, state]),
      [
        ['UDP receive buffer', 'warning'],
        ['UDP send buffer', 'ok'],
      ],
    )
    assert.match(findings[0]?.advice ?? '', /sysctl -w net\.core\.rmem_max=/)
    assert.deepEqual(
      checkSocketBuffers(() => undefined),
      [],
    )
  })

  it('clock, Node.js, ffmpeg, disk', () => {
    assert.equal(checkClock(Date.UTC(1970, 0, 2), undefined).state, 'fault')
    assert.equal(checkClock(NOW.getTime(), 'no').state, 'warning')
    assert.equal(checkClock(NOW.getTime(), 'yes').state, 'ok')
    assert.deepEqual([checkNode('v26.1.0', 'v26.1.0').state, checkNode('v24.0.0', 'v26.1.0').state], ['ok', 'warning'])
    assert.match(checkFfmpeg('no-such-ffmpeg').found, /not found; the server works without/)
    assert.match(checkDisk(tmpdir()).found, /GB free/)
    assert.match(checkDisk('/no/such/folder').found, /not there yet/)
  })

  it('ports: free, taken by another program, taken by the server, no such address', async () => {
    const tcp = createServer().listen(0, '127.0.0.1')
    const udp = createSocket('udp4').bind(0, '127.0.0.1')
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
    const wanted = [
      { key: 'rtsp.port', transport: 'TCP', host: '127.0.0.1', port: (tcp.address() as AddressInfo).port },
      { key: 'webrtc.icePort', transport: 'UDP', host: '127.0.0.1', port: udp.address().port },
      { key: 'rtmp.port', transport: 'TCP', host: '127.0.0.1', port: 0 },
      { key: 'hls.port', transport: 'TCP', host: '192.0.2.1', port: 0 },
    ] as const
    const states = async (serverRuns: boolean) => (await checkPorts(wanted, serverRuns)).map(({ state }) => state)
    assert.deepEqual(await states(false), ['fault', 'fault', 'ok', 'fault'])
    assert.deepEqual(await states(true), ['ok', 'ok', 'ok', 'fault'])
    tcp.close()
    udp.close()
  })

  it('addresses that browsers can reach', () => {
    const of = (host: string, own: string[], additional: string[] = []) => checkReachability(host, own, additional)
    assert.match(of('127.0.0.1', ['192.0.2.7']).found, /this machine only/)
    assert.equal(of('0.0.0.0', ['203.0.113.7', '2001:db8::7']).found, '203.0.113.7')
    assert.equal(of('0.0.0.0', ['192.168.1.20', '2001:db8::7']).state, 'warning')
    assert.equal(of('::', ['192.168.1.20', '2001:db8::7']).state, 'ok')
    assert.equal(of('::', ['192.168.1.20'], ['203.0.113.7']).state, 'ok')
    assert.equal(of('::', []).state, 'fault')
  })

  it('certificates: their names and their end', () => {
    const check = (hosts: string[], days: number) =>
      checkCertificate('certificate', makeSelfSigned(hosts, days, NOW).cert, ['hall.campus.example', '192.0.2.7'], NOW).map(({ state }) => state)
    assert.deepEqual(check(['hall.campus.example'], 90), ['ok'])
    assert.deepEqual(check(['192.0.2.7'], 90), ['ok'])
    assert.deepEqual(check(['*.campus.example'], 10), ['warning'])
    assert.deepEqual(check(['other.example'], 90), ['ok', 'warning'])
    assert.deepEqual(check(['hall.campus.example'], -2), ['fault'])
  })

  it('prints a line for each finding, with what to do below it', () => {
    assert.deepEqual(findingLines([checkNode('v1', 'v2'), checkClock(NOW.getTime(), 'yes')]), [
      'WARN Node.js: v1; the server is tested with v2',
      '     → start it with "npm start", which brings the right one where there is one for this machine',
      'ok   clock: shows 2026-11-21T12:00:00.000Z, synchronized',
    ])
  })
})
