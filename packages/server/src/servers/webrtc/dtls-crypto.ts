import { createCipheriv, createDecipheriv, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { AEAD_TAG_BYTES, type AeadName, type DtlsCrypto, type HashName } from '@millrace/media/protocols/dtls/dtls-crypto.ts'

/** The cheap primitives of DTLS by Node's OpenSSL. */
export const nodeDtlsCrypto: DtlsCrypto = {
  random: (byteLength) => randomBytes(byteLength),

  hash: (name, message) => hash(name, message, 'buffer'),

  hmac: (name, key) => {
    const [inner, outer] = hmacPads(name, key)
    return (message) => hash(name, Buffer.concat([outer, hash(name, Buffer.concat([inner, message]), 'buffer')]), 'buffer')
  },

  isEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),

  // A key is used for two or three records in all: made ready for more, it would cost more than it saves.
  aead: (name, key) => {
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

/**
 * The key's blocks of RFC 2104: by the one-shot hash an HMAC costs half of what Node's own one does, and leaves no native objects
 * behind, whose collection holds up everything else.
 */
const hmacPads = (name: HashName, key: Uint8Array): [inner: Buffer, outer: Buffer] => {
  const blockBytes = name === 'sha256' ? 64 : 128
  const block = Buffer.alloc(blockBytes)
  block.set(key.length > blockBytes ? hash(name, key, 'buffer') : key)
  return [Buffer.from(block.map((byte) => byte ^ 0x36)), Buffer.from(block.map((byte) => byte ^ 0x5c))]
}

/** All three have the same calls; only the types of one of them are declared for this name. */
const typed = (name: AeadName): 'aes-128-gcm' => name as 'aes-128-gcm'
