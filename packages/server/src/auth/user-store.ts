import { randomBytes } from 'node:crypto'
import { closeSync, fchownSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type UserFile, type UserRecord, userFileSchema } from './user-record.ts'

/** The store's file in the data folder. */
export const USER_FILE = 'users.json'

const LOOK_EVERY_MS = 1000
/** How long another process's change may take. */
const LOCK_TIMEOUT_MS = 5000
const LOCK_RETRY_MS = 20

/** The file of users cannot be used; the message is for the administrator. */
export class UserStoreError extends Error {}

/** Users and stream keys in a file of the data folder, which only its owner may read. Several processes may change it. */
export class UserStore {
  readonly #file: string
  #content: UserFile = { users: [], streamKeys: {} }
  #byName = new Map<string, UserRecord>()
  #digestUsers: readonly UserRecord[] = []
  #version = ''
  #timer: NodeJS.Timeout | undefined

  /** @throws UserStoreError */
  constructor(dataFolder: string) {
    this.#file = join(dataFolder, USER_FILE)
    this.refresh()
  }

  /** Whether there has been a first start. */
  get exists(): boolean {
    return this.#version !== ''
  }

  /** Those who can prove themselves by Digest. */
  get digestUsers(): readonly UserRecord[] {
    return this.#digestUsers
  }

  get users(): readonly UserRecord[] {
    return this.#content.users
  }

  find(name: string): UserRecord | undefined {
    return this.#byName.get(name)
  }

  /** SHA-256 of the path's publish key, in hexadecimal. */
  streamKey(path: string): string | undefined {
    return Object.hasOwn(this.#content.streamKeys, path) ? this.#content.streamKeys[path] : undefined
  }

  get keyedPaths(): readonly string[] {
    return Object.keys(this.#content.streamKeys)
  }

  /** Looks for changes of other processes from now on. @param onFault is told that the file cannot be used, and what was known stays */
  watch(onFault: (error: UserStoreError) => void): void {
    this.#timer = setInterval(() => {
      try {
        this.refresh()
      } catch (error) {
        if (!(error instanceof UserStoreError)) throw error
        onFault(error)
      }
    }, LOOK_EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /**
   * Reads the file if it has changed.
   * @returns whether it had
   * @throws UserStoreError once for each faulty version
   */
  refresh(): boolean {
    const version = versionOf(this.#file)
    if (version === this.#version) return false
    this.#version = version
    this.#take(version === '' ? { users: [], streamKeys: {} } : read(this.#file))
    return true
  }

  /**
   * Changes the file: written beside it and renamed, so that it is the old or the new one whenever the power fails.
   * @throws UserStoreError; what `change` throws, and then nothing is changed
   */
  async update(change: (content: UserFile) => UserFile): Promise<void> {
    makeFolder(dirname(this.#file))
    const unlock = await lock(`${this.#file}.lock`)
    try {
      this.refresh()
      const next = userFileSchema.parse(change(this.#content))
      write(this.#file, `${JSON.stringify(next, null, 2)}\n`)
      this.#version = versionOf(this.#file)
      this.#take(next)
    } finally {
      unlock()
    }
  }

  #take(content: UserFile): void {
    this.#content = content
    this.#byName = new Map(content.users.map((user) => [user.user, user]))
    this.#digestUsers = content.users.filter(({ ha1 }) => ha1 !== undefined)
  }
}

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new UserStoreError(`${folder} cannot be made: ${(error as NodeJS.ErrnoException).code}`)
  }
}

const versionOf = (file: string): string => {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true })
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : ''
}

const read = (file: string): UserFile => {
  try {
    return userFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    // A fault of the schema would show what is in the file.
    const what = error instanceof Error && 'code' in error ? String(error.code) : 'its content is not what millrace user writes'
    throw new UserStoreError(`${file} cannot be used: ${what}`)
  }
}

const write = (file: string, text: string): void => {
  const next = `${file}.${randomBytes(6).toString('hex')}.new`
  const descriptor = openSync(next, 'wx', 0o600)
  try {
    // The administrator changes what is the service's.
    const { uid, gid } = statSync(dirname(file))
    if (process.getuid?.() === 0) fchownSync(descriptor, uid, gid)
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, file)
}

/** Between processes. A lock that is older than any change takes is of a process that died. */
const lock = async (file: string): Promise<() => void> => {
  for (const untilMs = Date.now() + LOCK_TIMEOUT_MS; ; ) {
    try {
      closeSync(openSync(file, 'wx', 0o600))
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new UserStoreError(`${file} cannot be made: ${(error as NodeJS.ErrnoException).code}`)
      const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > LOCK_TIMEOUT_MS) rmSync(file, { force: true })
      if (Date.now() > untilMs) throw new UserStoreError(`${file} is held by another process`)
      await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS))
    }
  }
}
