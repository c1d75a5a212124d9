import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import { hashStreamKey, makeStreamKey } from './stream-key.ts'
import { CommandError, type CommandIo } from './user-command.ts'
import { UserStore } from './user-store.ts'

export const KEY_USAGE = `usage: millrace key rotate PATH    makes a new key to publish to PATH; the old one ends
       millrace key remove PATH    ends the key
       millrace key list           paths that have one

OBS: Settings, Stream, Service: Custom; Server: rtmp://HOST/; Stream Key: PATH?key=KEY`

/**
 * `millrace key …`: the publish keys of paths. A key is shown once, its hash is kept.
 * @param args what follows `key`
 * @throws CommandError, UserStoreError
 */
export const runKeyCommand = async (args: readonly string[], dataFolder: string, io: CommandIo): Promise<void> => {
  const [command, path, ...rest] = args
  if (rest.length > 0 || (command !== 'list' && command !== 'rotate' && command !== 'remove') || (command !== 'list' && path === undefined)) {
    throw new CommandError(KEY_USAGE)
  }
  const store = new UserStore(dataFolder)
  if (command === 'list' || path === undefined) {
    for (const keyed of store.keyedPaths) io.print(keyed)
    if (store.keyedPaths.length === 0) io.print('no path has a key: millrace key rotate PATH makes one')
    return
  }
  try {
    checkPathName(path)
  } catch (error) {
    if (error instanceof ProtocolError) throw new CommandError(error.message)
    throw error
  }
  if (command === 'remove') {
    if (store.streamKey(path) === undefined) throw new CommandError(`${path} has no key: see millrace key list`)
    await store.update((content) => ({ ...content, streamKeys: Object.fromEntries(Object.entries(content.streamKeys).filter(([name]) => name !== path)) }))
    io.print(`${path} has no key any more`)
    return
  }
  const key = makeStreamKey()
  await store.update((content) => ({ ...content, streamKeys: { ...content.streamKeys, [path]: hashStreamKey(key) } }))
  io.print(
    `The key of ${path}, shown this once:\n\n  ${key}\n\nOBS      Server: rtmp://HOST/   Stream Key: ${path}?key=${key}\nWHIP     http://HOST:8889/${path}/whip   Bearer Token: ${key}`,
  )
}
