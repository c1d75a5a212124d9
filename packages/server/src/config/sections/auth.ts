import { z } from 'zod'
import { choice, duration, flag, integer, section, text } from '../fields.ts'
import { compilePathPattern, PATTERN_MARK } from '../path-pattern.ts'
import { network } from './limits.ts'

/** What a client may want to do. */
export const ACTIONS = ['publish', 'read', 'playback', 'api', 'metrics'] as const

export type Action = (typeof ACTIONS)[number]

/** The user of entries that need no password. */
export const ANYBODY = 'any'

const MAX_USERS = 1000
const MAX_PERMISSIONS = 100
const MAX_NETWORKS = 100

const PATH_ERROR = 'must be the name of a path, or ~ and a regular expression for whole names'

const isPathRule = (rule: string): boolean => {
  if (!rule.startsWith(PATTERN_MARK)) return rule.length <= 256
  try {
    compilePathPattern(rule)
    return true
  } catch {
    return false
  }
}

const networks = (what: string) =>
  z
    .array(network, { error: 'must be a list of IP addresses and networks' })
    .max(MAX_NETWORKS, { error: `may have ${MAX_NETWORKS} entries at most` })
    .default([])
    .describe(what)

const permission = section({
  action: z.literal(ACTIONS, { error: `must be ${ACTIONS.slice(0, -1).join(', ')} or ${ACTIONS.at(-1)}` }).describe('publish, read, playback, api or metrics'),
  path: z.string({ error: PATH_ERROR }).refine(isPathRule, { error: PATH_ERROR }).default('').describe('a name, or ~regex; all paths if absent'),
})

const permissions = z
  .array(permission, { error: 'must be a list of action and path' })
  .max(MAX_PERMISSIONS, { error: `may have ${MAX_PERMISSIONS} entries at most` })

/** What somebody may do; an empty path stands for all. */
export type Permission = z.output<typeof permission>

const HASH_ERROR = 'must be the hash of a password, $argon2id$…, as `millrace user hash` prints it: passwords themselves are not kept in files'

const NAME_ERROR = 'must be a name of 1 to 128 characters without colon, or any'

export const userName = z.string({ error: NAME_ERROR }).regex(/^[^:\p{Cc}]{1,128}$/u, { error: NAME_ERROR })

const user = section({
  user: userName.describe('name, or any: for everybody, without password'),
  pass: z
    .string({ error: HASH_ERROR })
    .regex(/^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[\w+/]{11,86}\$[\w+/]{22,86}$/, { error: HASH_ERROR })
    .optional()
    .describe('hash of the password, as `millrace user hash` prints it'),
  ips: networks('addresses and networks that the user may come from; all if empty'),
  permissions: permissions.default([]).describe('what the user may do'),
})
  .refine((entry) => (entry.user === ANYBODY) === (entry.pass === undefined), { error: 'must have pass, but for the user any, who must not' })
  .describe('a user')

const URL_ERROR = 'must be an http or https URL, without user and password'

const isHttpUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

const httpUrl = z
  .string({ error: URL_ERROR })
  .refine((text) => isHttpUrl(text), { error: URL_ERROR })
  .optional()

const jwtSection = section({
  jwks: httpUrl.describe('address of the public keys (JWKS) of who issues the tokens'),
  jwksTimeout: duration('5s', '100ms', '1m').describe('how long the keys may take to come; 100ms to 1m'),
  secret: text(4096, 'a key').describe(
    'key shared with who issues the tokens (HS256, HS384, HS512), of 32 characters or more; better by MILLRACE_AUTH_JWT_SECRET',
  ),
  issuer: text(1024, 'the value of iss').describe('what iss must be'),
  audience: text(1024, 'the value of aud').describe('what aud must have in it'),
  claimKey: text(256, 'the name of a claim').describe(
    'claim with the permissions: a list of action and path; millrace_permissions or mediamtx_permissions if absent',
  ),
})
  .refine(({ secret }) => secret === undefined || secret.length >= 32, { error: 'must have 32 characters or more in secret' })
  .prefault({})

const ORIGIN_ERROR = 'must be an origin, such as https://www.example.edu, or *'

/** Who may do what. */
export const authSection = section({
  method: choice(['internal', 'jwt', 'http'], 'internal').describe('who knows the users: this server, tokens of somebody else (jwt), or a web address (http)'),
  loopback: flag(true).describe('clients on this machine may do everything without credentials; false behind a reverse proxy that is not in trustedProxies'),
  users: z
    .array(user, { error: 'must be a list of users' })
    .max(MAX_USERS, { error: `may have ${MAX_USERS} entries at most` })
    .default([])
    .describe('users beside those of `millrace user`; for method internal'),
  jwt: jwtSection,
  http: section({
    address: httpUrl.describe('URL that is asked about each client by POST; an answer of 2xx lets it in'),
    timeout: duration('5s', '100ms', '30s').describe('how long an answer may take; 100ms to 30s'),
    concurrency: integer(32, 1, 1000, 'a number of questions').describe('questions that may wait for an answer at the same time; further ones wait in a line'),
    cache: duration('0s', '0s', '10m').describe('how long the answer yes holds for the same question; 0s to 10m'),
    exclude: permissions.default([]).describe('what is allowed without asking: a list of action and path'),
  }).prefault({}),
  trustedProxies: networks('reverse proxies whose X-Forwarded-For says who the client is'),
  allowOrigins: z
    .array(z.string({ error: ORIGIN_ERROR }).regex(/^(?:\*|https?:\/\/[^/\s]+)$/, { error: ORIGIN_ERROR }), { error: 'must be a list of origins' })
    .max(64, { error: 'may have 64 entries at most' })
    .default(['*'])
    .describe('origins of web pages whose scripts may play and publish; * for all, which never includes cookies'),
})
  .refine(({ method, jwt }) => method !== 'jwt' || jwt.jwks !== undefined || jwt.secret !== undefined, {
    error: 'must have jwt.jwks or jwt.secret for method jwt',
  })
  .refine(({ method, http }) => method !== 'http' || http.address !== undefined, { error: 'must have http.address for method http' })
  .prefault({})

export type AuthConfig = z.output<typeof authSection>
