import { createCipheriv, createDecipheriv, createSecretKey, hash, type KeyObject } from 'node:crypto'
import { GCM_TAG_BYTES, type SrtpCrypto } from '@millrace/media/protocols/srtp/srtp-crypto.ts'

// Keys become KeyObjects once: a raw key is imported anew at each call, at several times the cost of the call.
const keyObject = (key: Uint8Array): KeyObject => createSecretKey(key)

/** SRTP's primitives by Node's OpenSSL. */
export const nodeSrtpCrypto: SrtpCrypto = {
  aesEcb: (key) => {
    const cipher = createCipheriv(key.length === 32 ? 'aes-256-ecb' : 'aes-128-ecb', keyObject(key), null).setAutoPadding(false)
    return (blocks) => cipher.update(blocks)
  },

  sha1Hex: (message) => hash('sha1', message, 'hex'),

  aesGcm: (rawKey) => {
    const key = keyObject(rawKey)
    const algorithm = rawKey.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm'
    return {
      seal: (nonce, aad, plaintext, out, at) => {
        const cipher = createCipheriv(algorithm, key, nonce)
        cipher.setAAD(aad)
        out.set(cipher.update(plaintext), at)
        cipher.final()
        out.set(cipher.getAuthTag(), at + plaintext.length)
      },
      open: (nonce, aad, sealed) => {
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: GCM_TAG_BYTES })
        decipher.setAAD(aad)
        decipher.setAuthTag(sealed.subarray(-GCM_TAG_BYTES))
        const plaintext = decipher.update(sealed.subarray(0, -GCM_TAG_BYTES))
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
