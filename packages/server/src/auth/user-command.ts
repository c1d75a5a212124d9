import { parseArgs } from 'node:util'
import { ACTIONS, type Permission, userName } from '../config/sections/auth.ts'
import { network } from '../config/sections/limits.ts'
import { makeHa1 } from './digest.ts'
import { hashPassword } from './password-hash.ts'
import { Permissions } from './permissions.ts'
import type { UserRecord } from './user-record.ts'
import { UserStore } from './user-store.ts'

/** What was typed cannot be done; the message says why. */
export class CommandError extends Error {}

/** How a command talks to who typed it. */
export type CommandIo = {
  print(line: string): void
  /** Asks for a password. @throws PasswordInputError */
  readPassword(): Promise<string>
}

export const USER_USAGE = `usage: millrace user add NAME [--publish PATH] [--read PATH] [--playback PATH] [--admin] [--ip NETWORK] [--digest]
       millrace user password NAME [--digest]
       millrace user remove NAME
       millrace user list
       millrace user hash

The password is asked for, or read from standard input.
PATH is a name, or ~ and a regular expression ('~.*' for all); --publish, --read, --playback and --ip may be given several times.
--admin    may do everything
--digest   keeps what RTSP Digest needs beside the hash: for cameras and players that know nothing else
--config FILE, as for the server: its data folder has the users`

const OPTIONS = {
  publish: { type: 'string', multiple: true },
  read: { type: 'string', multiple: true },
  playback: { type: 'string', multiple: true },
  ip: { type: 'string', multiple: true },
  admin: { type: 'boolean' },
  digest: { type: 'boolean' },
} as const

/**
 * `millrace user …`: changes the file of users; a running server notices.
 * @param args what follows `user`
 * @throws CommandError, PasswordInputError, UserStoreError, and TypeError of parseArgs
 */
export const runUserCommand = async (args: readonly string[], dataFolder: string, io: CommandIo): Promise<void> => {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const [command, name, ...rest] = positionals
  if (rest.length > 0) throw new CommandError(`${rest.join(' ')} is too much: passwords are never taken from the command line\n\n${USER_USAGE}`)
  if (command === 'hash') return io.print(await hashPassword(await io.readPassword()))
  const store = new UserStore(dataFolder)
  if (command === 'list') return list(store, io)
  if (command !== 'add' && command !== 'password' && command !== 'remove') throw new CommandError(USER_USAGE)
  if (name === undefined) throw new CommandError(`which user?\n\n${USER_USAGE}`)
  if (!userName.safeParse(name).success || name === 'any') throw new CommandError('the name has 1 to 128 characters, no colon among them, and is not any')
  if (command === 'remove') return remove(store, name, io)
  if (command === 'add' && store.find(name)) throw new CommandError(`there is a user ${name} already: change the password with millrace user password ${name}`)
  if (command === 'password' && !store.find(name)) throw new CommandError(`there is no user ${name}: see millrace user list`)
  const permissions = values.admin ? ACTIONS.map((action) => ({ action, path: '' })) : permissionsOf(values)
  if (command === 'add' && permissions.length === 0) throw new CommandError('what may the user do? Give --publish PATH, --read PATH or --admin')
  const ips = values.ip ?? []
  const wrong = ips.find((text) => !network.safeParse(text).success)
  if (wrong !== undefined) throw new CommandError(`${wrong} is no IP address or network: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32`)

  const password = await io.readPassword()
  const login = { user: name, pass: await hashPassword(password), ...(values.digest && { ha1: makeHa1(name, password) }) }
  await store.update((content) => {
    const known = content.users.find(({ user }) => user === name)
    const next: UserRecord = { ips, permissions, ...(command === 'password' && known && { ips: known.ips, permissions: known.permissions }), ...login }
    return { ...content, users: [...content.users.filter(({ user }) => user !== name), next] }
  })
  io.print(command === 'add' ? `user ${name} is added` : `user ${name} has a new password`)
}

const permissionsOf = (values: { readonly [action in 'publish' | 'read' | 'playback']?: string[] }): Permission[] =>
  (['publish', 'read', 'playback'] as const).flatMap((action) =>
    (values[action] ?? []).map((path) => {
      const permission = { action, path }
      if (path === '') throw new CommandError(`--${action} wants a path: a name, or '~.*' for all`)
      try {
        new Permissions([permission])
      } catch (error) {
        throw new CommandError(`${path} ${error instanceof Error ? error.message : 'cannot be used'}`)
      }
      return permission
    }),
  )

const remove = async (store: UserStore, name: string, io: CommandIo): Promise<void> => {
  if (!store.find(name)) throw new CommandError(`there is no user ${name}: see millrace user list`)
  await store.update((content) => ({ ...content, users: content.users.filter(({ user }) => user !== name) }))
  io.print(`user ${name} is removed`)
}

const list = (store: UserStore, io: CommandIo): void => {
  for (const { user, permissions, ips, ha1 } of store.users) {
    const isAdmin = ACTIONS.every((action) => permissions.some((permission) => permission.action === action && permission.path === ''))
    const may = isAdmin ? 'everything' : permissions.map(({ action, path }) => `${action} ${path || 'all paths'}`).join(', ')
    io.print(`${user}: ${may}${ips.length > 0 ? `; from ${ips.join(', ')}` : ''}${ha1 ? '; Digest' : ''}`)
  }
  if (store.users.length === 0) io.print('there are no users yet: the first start of the server makes admin')
}
