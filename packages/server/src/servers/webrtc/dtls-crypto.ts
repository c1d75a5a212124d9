import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { AEAD_TAG_BYTES, type AeadName, type DtlsCrypto } from '@millrace/media/protocols/dtls/dtls-crypto.ts'

/** The cheap primitives of DTLS by Node's OpenSSL. */
export const nodeDtlsCrypto: DtlsCrypto = {
  random: (byteLength) => randomBytes(byteLength),

  hash: (name, message) => hash(name, message, 'buffer'),

  hmac: (name, rawKey) => {
    const key = createSecretKey(rawKey)
    return (message) => createHmac(name, key).update(message).digest()
  },

  isEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),

  aead: (name, rawKey) => {
    const key = createSecretKey(rawKey)
    const algorithm = typed(name)
    const options = { authTagLength: AEAD_TAG_BYTES }
    return {
      seal: (nonce, aad, plaintext) => {
        const cipher = createCipheriv(algorithm, key, nonce, options)
        cipher.setAAD(aad, { plaintextLength: plaintext.length })
        return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
      },
      open: (nonce, aad, sealed) => {
        const length = sealed.length - AEAD_TAG_BYTES
        const decipher = createDecipheriv(algorithm, key, nonce, options)
        decipher.setAAD(aad, { plaintextLength: length })
        decipher.setAuthTag(sealed.subarray(length))
        const plaintext = decipher.update(sealed.subarray(0, length))
        try {
          decipher.final()
          return plaintext
        } catch {
          return undefined
        }
      },
    }
  },
}

/** All three have the same calls; only the types of one of them are declared for this name. */
const typed = (name: AeadName): 'aes-128-gcm' => name as 'aes-128-gcm'
