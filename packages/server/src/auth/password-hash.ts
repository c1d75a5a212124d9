import * as crypto from 'node:crypto'
import { promisify } from 'node:util'

/** What a hash costs: OWASP's second choice for Argon2id, 19 MiB and two passes; about 30 ms. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const
/** What a hash that somebody else made may cost us: memory in KiB. */
const MAX_COST = { memory: 262_144, passes: 16, parallelism: 16 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Longest password, in bytes of UTF-8. */
export const MAX_PASSWORD_BYTES = 1024

type Parts = { readonly memory: number; readonly passes: number; readonly parallelism: number; readonly salt: Buffer; readonly tag: Buffer }

/**
 * Argon2id (RFC 9106) of a password, as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
 * @throws Error if this runtime has no Argon2
 */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = crypto.randomBytes(SALT_BYTES)
  const tag = await argon2id(password, { ...COST, salt, tag: Buffer.alloc(TAG_BYTES) })
  const { memory, passes, parallelism } = COST
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/**
 * @returns false also for a hash that is none, or would cost more than we afford
 * @throws Error if this runtime has no Argon2
 */
export const verifyPassword = async (password: string, hash: string): Promise<boolean> => {
  const parts = parse(hash)
  if (!parts || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false
  return crypto.timingSafeEqual(await argon2id(password, parts), parts.tag)
}

const parse = (hash: string): Parts | undefined => {
  const [, m, t, p, salt = '', tag = ''] = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(hash) ?? []
  const parts = { memory: Number(m), passes: Number(t), parallelism: Number(p), salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
  const { memory, passes, parallelism } = parts
  const isAffordable = memory <= MAX_COST.memory && passes <= MAX_COST.passes && parallelism <= MAX_COST.parallelism
  // RFC 9106 section 3.1: 8 blocks of memory for each lane at least.
  const isValid = passes > 0 && parallelism > 0 && memory >= 8 * parallelism && parts.salt.length >= 8 && parts.tag.length >= 16
  return isAffordable && isValid ? parts : undefined
}

const argon2id = async (password: string, { memory, passes, parallelism, salt, tag }: Parts): Promise<Buffer> => {
  if (!('argon2' in crypto))
    throw new Error('passwords need Argon2, which Node.js has from version 24.7: start the server with npm start, which brings its own')
  const message = Buffer.from(password, 'utf8')
  return promisify(crypto.argon2)('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength: tag.length })
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
