import { randomBytes } from 'node:crypto'
import { ACTIONS } from '../config/sections/auth.ts'
import { hashPassword } from './password-hash.ts'
import type { UserStore } from './user-store.ts'

export const ADMINISTRATOR = 'admin'

/**
 * Makes the user `admin`, who may do everything, where there is no file of users yet.
 * @returns the password, to be shown once; undefined where it was made before
 * @throws UserStoreError
 */
export const makeFirstAdministrator = async (store: UserStore): Promise<string | undefined> => {
  if (store.exists) return undefined
  const password = randomBytes(15).toString('base64url')
  const administrator = { user: ADMINISTRATOR, pass: await hashPassword(password), ips: [], permissions: ACTIONS.map((action) => ({ action, path: '' })) }
  let isMade = false
  await store.update((content) => {
    // Another process may have been faster.
    isMade = content.users.length === 0
    return isMade ? { ...content, users: [administrator] } : content
  })
  return isMade ? password : undefined
}
