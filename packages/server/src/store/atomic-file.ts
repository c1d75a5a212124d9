import { randomBytes } from 'node:crypto'
import { chmod, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const TEMPORARY = /^\.(.+)\.[0-9a-f]{12}\.tmp$/

/**
 * Writes a file so that, whatever happens meanwhile, it is the old one or the new one whole. When it resolves the new one outlives a power cut.
 * Its permissions stay; a link goes on to point to it.
 * @param mode of a file that was not there
 * @throws the file system's error; the old file is untouched then
 */
export const writeFileAtomic = async (file: string, text: string, mode = 0o600): Promise<void> => {
  const target = await realpath(file).catch(() => file)
  const folder = dirname(target)
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  const before = await stat(target).catch(() => undefined)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (before) await chmod(temporary, before.mode & 0o777)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(folder)
}

/** Removes what writers left behind that were killed. Call it while nobody writes there. */
export const removeLeftovers = async (file: string): Promise<void> => {
  const target = await realpath(file).catch(() => file)
  const folder = dirname(target)
  const names = await readdir(folder).catch((): string[] => [])
  const left = names.filter((name) => TEMPORARY.exec(name)?.[1] === basename(target))
  await Promise.all(left.map((name) => unlink(join(folder, name)).catch(() => undefined)))
}

/** Without it the new name may be forgotten in a power cut. Not every system can. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
