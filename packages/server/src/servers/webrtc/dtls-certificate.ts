import { generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { ByteWriter } from '@millrace/media/bytes/byte-writer.ts'
import { fingerprintLine } from './fingerprint.ts'

/** The server's own, one for all sessions. */
export type DtlsCertificate = {
  /** X.509, self-signed. */
  readonly der: Uint8Array
  readonly key: KeyObject
  /** For `a=fingerprint`. */
  readonly fingerprint: string
}

const DAY_MS = 86_400_000
const YEARS_MS = 10 * 365 * DAY_MS

/** Tags of DER, ITU-T X.690 section 8. */
const TAG = { INTEGER: 0x02, BIT_STRING: 0x03, UTF8_STRING: 0x0c, UTC_TIME: 0x17, SEQUENCE: 0x30, SET: 0x31, VERSION: 0xa0 } as const
/** ecdsa-with-SHA256, RFC 5758 section 3.2, and commonName, as whole elements. */
const ECDSA_WITH_SHA256 = Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)
const COMMON_NAME = Uint8Array.of(0x06, 0x03, 0x55, 0x04, 0x03)

/** An ECDSA P-256 certificate, made anew at each start: peers know it by its fingerprint alone. */
export const makeDtlsCertificate = async (): Promise<DtlsCertificate> => {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  const algorithm = element(TAG.SEQUENCE, ECDSA_WITH_SHA256)
  const name = element(TAG.SEQUENCE, element(TAG.SET, element(TAG.SEQUENCE, COMMON_NAME, element(TAG.UTF8_STRING, Buffer.from('Millrace')))))
  const now = Date.now()
  // RFC 5280 section 4.1.
  const toBeSigned = element(
    TAG.SEQUENCE,
    element(TAG.VERSION, element(TAG.INTEGER, Uint8Array.of(2))),
    element(TAG.INTEGER, Uint8Array.of(1), randomBytes(8)),
    algorithm,
    name,
    element(TAG.SEQUENCE, utcTime(now - DAY_MS), utcTime(now + YEARS_MS)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const der = element(TAG.SEQUENCE, toBeSigned, algorithm, element(TAG.BIT_STRING, Uint8Array.of(0), signature))
  return { der, key: privateKey, fingerprint: fingerprintLine(der) }
}

const element = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const writer = new ByteWriter(length + 4).u8(tag)
  if (length < 0x80) writer.u8(length)
  else if (length < 0x100) writer.u8(0x81).u8(length)
  else writer.u8(0x82).u16(length)
  for (const part of parts) writer.bytes(part)
  return writer.finish()
}

/** YYMMDDHHMMSSZ */
const utcTime = (ms: number): Uint8Array => element(TAG.UTC_TIME, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
