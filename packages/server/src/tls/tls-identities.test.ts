import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Log } from '../log/log.ts'
import { readCertificateFiles } from './certificate-files.ts'
import { makeSelfSigned } from './self-signed.ts'
import { FileIdentity, SelfMadeIdentity } from './tls-identities.ts'
import { writeTestCertificate } from './write-certificate.ts'

const lines: string[] = []
const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
const log = { debug: note, info: note, warn: note, error: note, child: () => log } as unknown as Log

describe('certificates', () => {
  let folder: string
  let files: { certificate: string; key: string }
  const write = (pair: { cert: string; key: string }): void => {
    writeFileSync(files.key, pair.key)
    writeFileSync(files.certificate, pair.cert)
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
    files = { certificate: join(folder, 'server.crt'), key: join(folder, 'server.key') }
  })
  after(() => rmSync(folder, { recursive: true }))

  it('faults of the files are told with the file and what would be right', () => {
    const one = makeSelfSigned(['a.example'], 90, new Date())
    const other = makeSelfSigned(['b.example'], 90, new Date())
    assert.throws(() => readCertificateFiles(files), /the certificate .*server\.crt cannot be read \(ENOENT\)/)
    write({ cert: 'nonsense', key: one.key })
    assert.throws(() => readCertificateFiles(files), /server\.crt is not a certificate in PEM/)
    write({ cert: one.cert, key: 'nonsense' })
    assert.throws(() => readCertificateFiles(files), /server\.key is not a private key in PEM/)
    write({ cert: one.cert, key: other.key })
    assert.throws(() => readCertificateFiles(files), /the key in .*server\.key is not that of the certificate/)
  })

  it('files that were renewed are used from then on; while they do not fit each other, those before', async () => {
    const first = makeSelfSigned(['a.example'], 90, new Date())
    const second = makeSelfSigned(['a.example'], 90, new Date())
    write(first)
    const identity = new FileIdentity(files, log, 20)
    try {
      const changed = new Promise<void>((resolve) => identity.onChange(resolve))
      writeFileSync(files.certificate, second.cert)
      while (!lines.some((line) => line.startsWith('the new certificate cannot be used'))) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(identity.current().cert, first.cert)
      writeFileSync(files.key, second.key)
      await changed
      assert.deepEqual(identity.current(), second)
    } finally {
      identity.close()
    }
  })

  it('one that ends soon is told', () => {
    write(makeSelfSigned(['a.example'], 3, new Date()))
    new FileIdentity(files, log).close()
    assert.ok(lines.some((line) => /the certificate ends on .*, in [23] days/.test(line)))
  })

  it('one of our own is made when it is first needed, readable by nobody else, and kept', () => {
    const own = join(folder, 'own')
    const make = () => new SelfMadeIdentity(own, () => ['a.example'], log)
    const identity = make()
    assert.equal(existsSync(own), false)
    const pair = identity.current()
    assert.equal(statSync(join(own, 'self-made.key')).mode & 0o777, 0o600)
    assert.deepEqual(make().current(), pair)
    const old = makeSelfSigned(['a.example'], 10, new Date())
    writeFileSync(join(own, 'self-made.crt'), old.cert)
    writeFileSync(join(own, 'self-made.key'), old.key)
    assert.notDeepEqual(make().current(), old, 'one that ends soon is made anew')
  })
})

describe('millrace cert', () => {
  it('writes a certificate that the server takes, its key readable by nobody else; and overwrites nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-cert-'))
    try {
      const files = writeTestCertificate(['stream.example.edu', '192.0.2.7', '::1'], folder, 90)
      assert.ok(readCertificateFiles(files))
      assert.equal(statSync(files.key).mode & 0o777, 0o600)
      assert.throws(() => writeTestCertificate(['a.example'], folder, 90), /millrace\.crt is there already/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  for (const [hosts, days, message] of [
    [[], 90, /for which names/],
    [['https://a.example'], 90, /"https:\/\/a\.example" is no DNS name/],
    [['a.example:443'], 90, /is no DNS name/],
    [['a.example'], 0, /--days must be/],
  ] as const) {
    it(`refuses ${JSON.stringify(hosts)} for ${days} days`, () => assert.throws(() => writeTestCertificate(hosts, tmpdir(), days), message))
  }
})
