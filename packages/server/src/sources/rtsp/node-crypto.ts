import { createHash, randomBytes } from 'node:crypto'
import type { RtspCrypto } from '@millrace/media/protocols/rtsp/authentication.ts'

/** Node's hashes, for Digest authentication. */
export const nodeCrypto: RtspCrypto = {
  hash: (algorithm, text) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex'),
  nonce: () => randomBytes(16).toString('hex'),
}
