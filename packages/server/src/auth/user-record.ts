import { z } from 'zod'
import { ACTIONS, userName } from '../config/sections/auth.ts'
import { network } from '../config/sections/limits.ts'

/** Digest's verifiers, RFC 7616 section 3.4.2: who has one can log in by Digest as the user. Lower-case hexadecimal. */
const ha1Schema = z.strictObject({ md5: z.string().regex(/^[\da-f]{32}$/), sha256: z.string().regex(/^[\da-f]{64}$/) })

const userSchema = z.strictObject({
  user: userName,
  pass: z.string().startsWith('$argon2id$'),
  ha1: ha1Schema.optional(),
  ips: z.array(network).default([]),
  permissions: z.array(z.strictObject({ action: z.literal(ACTIONS), path: z.string().default('') })),
})

/** What the file of users holds. */
export const userFileSchema = z.strictObject({
  users: z.array(userSchema).max(100_000),
  /** SHA-256 of the publish key of each path, in hexadecimal. */
  streamKeys: z.record(z.string(), z.string().regex(/^[\da-f]{64}$/)),
})

export type Ha1 = z.output<typeof ha1Schema>
export type UserRecord = z.output<typeof userSchema>
export type UserFile = z.output<typeof userFileSchema>
