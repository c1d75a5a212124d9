import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import type { ApiUser, UserAccess, UserChange } from '../api/seams.ts'
import { makeHa1 } from '../auth/digest.ts'
import { hashPassword } from '../auth/password-hash.ts'
import { Permissions } from '../auth/permissions.ts'
import { hashStreamKey, makeStreamKey } from '../auth/stream-key.ts'
import type { UserRecord } from '../auth/user-record.ts'
import type { UserStore } from '../auth/user-store.ts'
import { ConfigError } from '../config/config-error.ts'
import { userName } from '../config/sections/auth.ts'
import { network } from '../config/sections/limits.ts'

/** The file of users, as the API changes it. */
export const userAccess = (store: UserStore): UserAccess => ({
  list: () => store.users.map(viewOf),
  save: async (name, change) => {
    checkChange(name, change, store.find(name))
    const { password } = change
    const pass = password === undefined ? undefined : await hashPassword(password)
    await store.update((content) => {
      const known = content.users.find(({ user }) => user === name)
      const next = changed(name, known, change, pass)
      return { ...content, users: [...content.users.filter(({ user }) => user !== name), next] }
    })
  },
  remove: (name) => store.update((content) => ({ ...content, users: content.users.filter(({ user }) => user !== name) })),
  keyedPaths: () => store.keyedPaths,
  rotateKey: async (path) => {
    refuse(pathFaults(path))
    const key = makeStreamKey()
    await store.update((content) => ({ ...content, streamKeys: { ...content.streamKeys, [path]: hashStreamKey(key) } }))
    return key
  },
  removeKey: (path) =>
    store.update((content) => ({ ...content, streamKeys: Object.fromEntries(Object.entries(content.streamKeys).filter(([name]) => name !== path)) })),
})

const viewOf = ({ user, permissions, ips, ha1 }: UserRecord): ApiUser => ({ user, permissions, ips, digest: ha1 !== undefined })

const changed = (name: string, known: UserRecord | undefined, change: UserChange, pass: string | undefined): UserRecord => {
  const { password } = change
  const wantsDigest = change.digest ?? known?.ha1 !== undefined
  const ha1 = !wantsDigest ? undefined : password === undefined ? known?.ha1 : makeHa1(name, password)
  return {
    user: name,
    pass: pass ?? known?.pass ?? '',
    ...(ha1 && { ha1 }),
    ips: [...(change.ips ?? known?.ips ?? [])],
    permissions: [...(change.permissions ?? known?.permissions ?? [])],
  }
}

/** @throws ConfigError with each fault */
const checkChange = (name: string, { permissions = [], ips = [], digest, password }: UserChange, known: UserRecord | undefined): void => {
  const needsPassword = digest === true && !known?.ha1 && password === undefined
  refuse([
    ...(userName.safeParse(name).success && name !== 'any'
      ? []
      : [{ where: 'path.name', message: 'has 1 to 128 characters, no colon among them, and is not any' }]),
    ...permissions.flatMap((permission, index) => patternFaults(permission, index)),
    ...ips.flatMap((text, index) => (network.safeParse(text).success ? [] : [{ where: `body.ips.${index}`, message: 'must be an IP address or network' }])),
    ...(needsPassword ? [{ where: 'body.digest', message: 'needs the password: give it too' }] : []),
  ])
}

type Faults = ConstructorParameters<typeof ConfigError>[0]

const refuse = (faults: Faults): void => {
  if (faults.length > 0) throw new ConfigError(faults)
}

const patternFaults = (permission: ApiUser['permissions'][number], index: number): Faults => {
  try {
    new Permissions([permission])
    return []
  } catch (error) {
    return [{ where: `body.permissions.${index}.path`, message: error instanceof Error ? error.message : 'cannot be used' }]
  }
}

const pathFaults = (path: string): Faults => {
  try {
    checkPathName(path)
    return []
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return [{ where: 'path.name', message: error.message }]
  }
}
