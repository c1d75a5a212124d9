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
      sealPacket: (nonce, out, at, clearBytes, secret, secretBytes) => {
        const { bytes } = out
        const cipher = createCipheriv(algorithm, key, nonce)
        cipher.setAAD(bytes.subarray(at, at + clearBytes))
        bytes.set(cipher.update(secret.bytes.subarray(0, secretBytes)), at + clearBytes)
        cipher.final()
        bytes.set(cipher.getAuthTag(), at + clearBytes + secretBytes)
      },
      seal: (nonce, aad, plaintext) => {
        const cipher = createCipheriv(algorithm, key, nonce)
        cipher.setAAD(aad)
        const sealed = new Uint8Array(plaintext.length + GCM_TAG_BYTES)
        sealed.set(cipher.update(plaintext))
        cipher.final()
        sealed.set(cipher.getAuthTag(), plaintext.length)
        return sealed
      },
      open: (nonce, aad, sealed, out, at) => {
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: GCM_TAG_BYTES })
        decipher.setAAD(aad)
        decipher.setAuthTag(sealed.subarray(-GCM_TAG_BYTES))
        out.set(decipher.update(sealed.subarray(0, -GCM_TAG_BYTES)), at)
        try {
          decipher.final()
          return true
        } catch {
          return false
        }
      },
    }
  },
}
