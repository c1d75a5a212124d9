import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { CertificateError } from './certificate-files.ts'
import { makeSelfSigned } from './self-signed.ts'

const DNS_NAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
const MAX_DAYS = 3650

/**
 * Makes a certificate for a test and writes it and its key.
 * @param hosts DNS names and IP addresses
 * @returns where they are
 * @throws CertificateError for what is no name, and where there are such files already
 */
export const writeTestCertificate = (hosts: readonly string[], folder: string, days: number): { certificate: string; key: string } => {
  if (hosts.length === 0) throw new CertificateError('for which names and addresses? millrace cert stream.example.edu 192.0.2.7')
  const wrong = hosts.find((host) => isIP(host) === 0 && !(DNS_NAME.test(host) && host.length <= 253))
  if (wrong !== undefined)
    throw new CertificateError(`${JSON.stringify(wrong.slice(0, 100))} is no DNS name and no IP address: without https:// and without a port`)
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS) throw new CertificateError(`--days must be a whole number from 1 to ${MAX_DAYS}`)
  const files = { certificate: resolve(join(folder, 'millrace.crt')), key: resolve(join(folder, 'millrace.key')) }
  for (const file of Object.values(files)) {
    if (existsSync(file)) throw new CertificateError(`${file} is there already: move it away, or choose another folder with --out`)
  }
  const { cert, key } = makeSelfSigned(hosts, days, new Date())
  mkdirSync(folder, { recursive: true })
  writeFileSync(files.key, key, { mode: 0o600, flag: 'wx' })
  writeFileSync(files.certificate, cert, { mode: 0o644, flag: 'wx' })
  return files
}
