import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { makeSelfSigned } from '../../tls/self-signed.ts'
import { fingerprintLine } from './fingerprint.ts'

/** The server's own, one for all sessions. */
export type DtlsCertificate = {
  /** X.509, self-signed. */
  readonly der: Uint8Array
  readonly key: KeyObject
  /** For `a=fingerprint`. */
  readonly fingerprint: string
}

const DAYS = 3650

/** An ECDSA P-256 certificate, made anew at each start: peers know it by its fingerprint alone. */
export const makeDtlsCertificate = (): DtlsCertificate => {
  const { cert, key } = makeSelfSigned(['millrace'], DAYS, new Date())
  const der = new X509Certificate(cert).raw
  return { der, key: createPrivateKey(key), fingerprint: fingerprintLine(der) }
}
