import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import { makeSelfSigned } from './self-signed.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

describe('a certificate that signs itself', () => {
  const hosts = ['stream.example.edu', '192.0.2.7', '2001:db8::1:0:7', '::1', '::ffff:192.0.2.9']
  const { cert, key } = makeSelfSigned(hosts, 90, NOW)
  const certificate = new X509Certificate(cert)

  it('names the hosts and addresses that it was made for', () => {
    assert.equal(
      certificate.subjectAltName,
      'DNS:stream.example.edu, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:1:0:7, IP Address:0:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:C000:209',
    )
    assert.equal(certificate.checkHost('stream.example.edu'), 'stream.example.edu')
    assert.equal(certificate.checkHost('example.edu'), undefined)
    assert.equal(certificate.checkIP('192.0.2.7'), '192.0.2.7')
    assert.equal(certificate.ca, false)
  })

  it('is signed by its own key and valid for the days that were asked for', () => {
    assert.ok(certificate.verify(certificate.publicKey))
    assert.ok(certificate.checkPrivateKey(createPrivateKey(key)))
    assert.equal(certificate.validFromDate.toISOString(), '2026-11-21T11:00:00.000Z')
    assert.equal(certificate.validToDate.toISOString(), '2027-02-19T12:00:00.000Z')
  })

  it('is good beyond 2049', () => {
    const { cert: longLived } = makeSelfSigned(['a.example'], 365 * 30, NOW)
    assert.equal(new X509Certificate(longLived).validToDate.getUTCFullYear(), 2056)
  })

  it('serves TLS to a client that trusts it', async () => {
    const own = makeSelfSigned(['localhost', '127.0.0.1'], 2, new Date())
    const server = createServer(own, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: own.cert })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorized, true)
    socket.destroy()
    server.close()
  })
})
