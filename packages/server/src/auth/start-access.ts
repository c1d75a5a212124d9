import { join } from 'node:path'
import type { AuthConfig } from '../config/sections/auth.ts'
import type { Log } from '../log/log.ts'
import type { EventBus } from '../net/event-bus.ts'
import { AccessControl } from './access-control.ts'
import { makeFirstAdministrator } from './first-administrator.ts'
import { USER_FILE, UserStore, UserStoreError } from './user-store.ts'

export type StartedAccess = {
  readonly access: AccessControl
  readonly users: UserStore
  /**
   * Makes the user `admin` at the first start. To be called when all is running: who sees an error instead of the password would never know it.
   * @returns the password, to be shown once; undefined where it was made before
   */
  makeAdministrator(): Promise<string | undefined>
  /** The file of users, for people. */
  readonly userFile: string
  close(): Promise<void>
}

/**
 * What decides who may do what, with the users of the data folder.
 * @throws UserStoreError if the file of users is there and cannot be used: nobody is let in by mistake
 */
export const startAccess = async (config: AuthConfig, dataFolder: string, log: Log, events: EventBus): Promise<StartedAccess> => {
  const users = new UserStore(dataFolder)
  const makeAdministrator = async (): Promise<string | undefined> => {
    try {
      return await makeFirstAdministrator(users)
    } catch (error) {
      if (!(error instanceof UserStoreError)) throw error
      log.warn({}, `there is no administrator: ${error.message}; name another folder by dataDir`)
      return undefined
    }
  }
  users.watch((error) => log.error({}, `${error.message}; the users known before stay`))
  return {
    access: new AccessControl({ config, store: users, log, events }),
    users,
    makeAdministrator: async () => (config.method === 'internal' ? makeAdministrator() : undefined),
    userFile: join(dataFolder, USER_FILE),
    close: async () => users.close(),
  }
}
