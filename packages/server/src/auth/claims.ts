import type { Credentials } from '../net/access.ts'

/** Longer ones are none. */
const MAX_LENGTH = 8192

/** What a client says of itself, from wherever the protocol carried it. */
export type Claims = {
  readonly user: string
  readonly password: string
  /** Bearer, `?token=`, `?jwt=` or `?key=`. */
  readonly token: string
  /** Whether there is anything to check. */
  readonly isNamed: boolean
}

/** Names of query parameters that are credentials. */
export const CREDENTIAL_PARAMETERS = ['user', 'pass', 'password', 'token', 'jwt', 'key'] as const

/** What comes by header goes before what is in the query. */
export const claimsOf = ({ user, password, token, query, digest }: Credentials): Claims => {
  const parameters = new URLSearchParams((query ?? '').slice(0, MAX_LENGTH))
  const first = (...names: (typeof CREDENTIAL_PARAMETERS)[number][]): string => names.map((name) => parameters.get(name)).find((value) => value) ?? ''
  const isByHeader = (user ?? '') !== '' || (password ?? '') !== ''
  const claims = {
    user: (isByHeader ? user : undefined) ?? first('user'),
    password: (isByHeader ? password : undefined) ?? first('pass', 'password'),
    token: token || first('token', 'jwt', 'key'),
  }
  const isNamed = claims.user !== '' || claims.password !== '' || claims.token !== '' || digest !== undefined
  return isTooLong(claims) ? { user: '', password: '', token: '', isNamed } : { ...claims, isNamed }
}

const isTooLong = (claims: { readonly user: string; readonly password: string; readonly token: string }): boolean =>
  Math.max(claims.user.length, claims.password.length, claims.token.length) > MAX_LENGTH
