import { parseArgs } from 'node:util'
import { writeTestCertificate } from './write-certificate.ts'

export const CERT_USAGE = `usage: millrace cert NAME_OR_ADDRESS … [--out FOLDER] [--days N]

Makes a certificate for a test that signs itself: millrace.crt and millrace.key in FOLDER (here, if not given), good for N days (365).`

/**
 * `millrace cert …`
 * @param args what follows `cert`
 * @throws CertificateError, and TypeError of parseArgs
 */
export const runCertCommand = (args: readonly string[], print: (line: string) => void): void => {
  const options = { out: { type: 'string', default: '.' }, days: { type: 'string', default: '365' } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const { certificate, key } = writeTestCertificate(positionals, values.out, Number(values.days))
  print(`made for ${positionals.join(', ')}; in millrace.yml:\n\ntls:\n  certificate: ${certificate}\n  key: ${key}`)
}
