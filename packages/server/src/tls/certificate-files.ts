import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { CertificateAndKey } from './self-signed.ts'

export type CertificateFiles = { readonly certificate: string; readonly key: string }

/** Certificate or key cannot be used; the message is a line for the administrator. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
}

/**
 * Reads a certificate and its key, and checks that they can serve.
 * @throws CertificateError that names the file and says what would be right
 */
export const readCertificateFiles = ({ certificate, key }: CertificateFiles): CertificateAndKey => {
  const pair = { cert: read(certificate, 'certificate'), key: read(key, 'key') }
  const parsed = parse(`certificate ${certificate}`, 'a certificate in PEM (-----BEGIN CERTIFICATE-----)', () => new X509Certificate(pair.cert))
  const privateKey = parse(`key ${key}`, 'a private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----)', () => createPrivateKey(pair.key))
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new CertificateError(`the key in ${key} is not that of the certificate in ${certificate}: the server's own certificate must come first in its file`)
  }
  parse(`certificate ${certificate}`, 'one that OpenSSL takes', () => createSecureContext(pair))
  return pair
}

/** @returns what a person should know about it, undefined if all is well */
export const certificateWarning = (cert: string, now: Date): string | undefined => {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  if (validToDate < now) return `the certificate ended on ${day(validToDate)}: clients refuse it`
  if (validFromDate > now) return `the certificate begins on ${day(validFromDate)} only: clients refuse it until then, or this machine's clock is wrong`
  const daysLeft = Math.floor((validToDate.getTime() - now.getTime()) / 86_400_000)
  return daysLeft < 7 ? `the certificate ends on ${day(validToDate)}, in ${daysLeft} days` : undefined
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

const read = (file: string, what: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CertificateError(`the ${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`, { cause: error })
  }
}

const parse = <T>(what: string, wanted: string, attempt: () => T): T => {
  try {
    return attempt()
  } catch (error) {
    // Messages of OpenSSL name functions and numbers, and never the key itself, but help nobody either.
    throw new CertificateError(`the ${what} is not ${wanted}`, { cause: error })
  }
}
