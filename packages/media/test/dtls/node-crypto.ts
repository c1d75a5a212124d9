import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { CurveName } from '../../src/protocols/dtls/curves.ts'
import { AEAD_TAG_BYTES, type DtlsCrypto, type DtlsJob, type DtlsJobResult } from '../../src/protocols/dtls/dtls-crypto.ts'

/** DTLS's primitives, as simple as they can be. */
export const nodeCrypto: DtlsCrypto = {
  random: (byteLength) => randomBytes(byteLength),
  hash: (name, message) => hash(name, message, 'buffer'),
  hmac: (name, key) => (message) => createHmac(name, key).update(message).digest(),
  isEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  aead: (name, key) => ({
    seal: (nonce, aad, plaintext) => {
      const cipher = createCipheriv(name as 'aes-128-gcm', key, nonce, { authTagLength: AEAD_TAG_BYTES }).setAAD(aad, { plaintextLength: plaintext.length })
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    },
    open: (nonce, aad, sealed) => {
      const length = sealed.length - AEAD_TAG_BYTES
      const decipher = createDecipheriv(name as 'aes-128-gcm', key, nonce, { authTagLength: AEAD_TAG_BYTES }).setAAD(aad, { plaintextLength: length })
      decipher.setAuthTag(sealed.subarray(length))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()])
      } catch {
        return undefined
      }
    },
  }),
}

/** Whoever takes part: what stands for the certificate is its public key alone, as nobody here reads more of it. */
export type Party = { readonly certificate: Uint8Array; readonly key: KeyObject }

export const makeParty = (): Party => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { certificate: publicKey.export({ format: 'der', type: 'spki' }), key: privateKey }
}

export const runJob = (job: DtlsJob, key: KeyObject): DtlsJobResult => {
  if (job.type === 'key-share') {
    const { publicKey, privateKey } = job.curve === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: job.curve })
    return { type: 'key-share', share: { curve: job.curve, publicKey: publicKey.export({ format: 'raw-public' }), secret: privateKey } }
  }
  if (job.type === 'sign') return { type: 'sign', signature: sign('sha256', job.message, key) }
  if (job.type === 'agree') return { type: 'agree', secret: agree(job.share.secret, job.share.curve, job.publicKey) }
  const theirs = createPublicKey({ key: Buffer.from(job.certificate), format: 'der', type: 'spki' })
  return { type: 'verify', valid: verify(job.scheme.hash, job.message, theirs, job.signature) }
}

const agree = (secret: unknown, curve: CurveName, publicKey: Uint8Array): Uint8Array | undefined => {
  if (!(secret instanceof KeyObject)) return undefined
  const key = Buffer.from(publicKey)
  try {
    const theirs =
      curve === 'x25519'
        ? createPublicKey({ key, format: 'raw-public', asymmetricKeyType: 'x25519' })
        : createPublicKey({ key, format: 'raw-public', asymmetricKeyType: 'ec', namedCurve: curve })
    return diffieHellman({ privateKey: secret, publicKey: theirs })
  } catch {
    return undefined
  }
}
