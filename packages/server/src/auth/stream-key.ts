import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A key of 256 random bits, that is safe in URLs. */
export const makeStreamKey = (): string => randomBytes(32).toString('base64url')

/** Its bits cannot be guessed, so that a fast hash does. */
export const hashStreamKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex')

export const isStreamKey = (key: string, hash: string): boolean => timingSafeEqual(Buffer.from(hashStreamKey(key)), Buffer.from(hash))
