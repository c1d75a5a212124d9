import { type Action, ANYBODY, type AuthConfig } from '../config/sections/auth.ts'
import { NetworkList } from './addresses.ts'
import { Permissions } from './permissions.ts'
import type { Ha1, UserRecord } from './user-record.ts'
import type { UserStore } from './user-store.ts'

type Entry = Pick<UserRecord, 'user' | 'ips' | 'permissions'> & { readonly pass?: string | undefined; readonly ha1?: Ha1 | undefined }

/** A user, or everybody. */
export class Account {
  readonly name: string
  readonly pass: string | undefined
  readonly ha1: Ha1 | undefined
  readonly #networks: NetworkList | undefined
  readonly #permissions: Permissions

  constructor({ user, pass, ha1, ips, permissions }: Entry) {
    this.name = user
    this.pass = pass
    this.ha1 = ha1
    this.#networks = ips.length > 0 ? new NetworkList(ips) : undefined
    this.#permissions = new Permissions(permissions)
  }

  may(action: Action, path: string, ip: string): boolean {
    return this.#permissions.allow(action, path) && (this.#networks?.has(ip) ?? true)
  }
}

/** The users of the configuration and those of the store; of the same name in both, the configuration's. */
export class UserDirectory {
  readonly #store: UserStore
  readonly #anybody: readonly Account[]
  readonly #configured: ReadonlyMap<string, Account>
  /** Made when they are asked for: the store may have many. */
  readonly #stored = new WeakMap<UserRecord, Account>()

  constructor(configured: AuthConfig['users'], store: UserStore) {
    this.#store = store
    const accounts = configured.map((entry) => new Account(entry))
    this.#anybody = accounts.filter(({ name }) => name === ANYBODY)
    this.#configured = new Map(accounts.filter(({ name }) => name !== ANYBODY).map((account) => [account.name, account]))
  }

  find(name: string): Account | undefined {
    const record = this.#store.find(name)
    return this.#configured.get(name) ?? (record && this.#accountOf(record))
  }

  /** Whether nobody has to say who it is. */
  allowsAnybody(action: Action, path: string, ip: string): boolean {
    return this.#anybody.some((account) => account.may(action, path, ip))
  }

  /** Whether somebody who may do this can prove it by Digest. */
  offersDigest(action: Action, path: string, ip: string): boolean {
    return this.#store.digestUsers.some((record) => this.#accountOf(record).may(action, path, ip))
  }

  #accountOf(record: UserRecord): Account {
    const account = this.#stored.get(record) ?? new Account(record)
    this.#stored.set(record, account)
    return account
  }
}
