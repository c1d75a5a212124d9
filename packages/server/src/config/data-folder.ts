import { resolve } from 'node:path'

/** Where the service's configuration is. */
const SYSTEM_FOLDER = '/etc/millrace'

/**
 * Where the server keeps what it makes itself: earlier configurations, its certificate, hashes.
 * @param configured `dataDir`
 * @param folder of the configuration
 */
export const dataFolder = (configured: string | undefined, folder: string, env: NodeJS.ProcessEnv): string => {
  if (configured !== undefined) return resolve(folder, configured)
  // systemd makes STATE_DIRECTORY for the service's user; with several names in it the first is ours.
  const [state] = env.STATE_DIRECTORY?.split(':') ?? []
  // Commands of the administrator, which systemd does not run, have to find the same.
  return state ?? (folder === SYSTEM_FOLDER ? '/var/lib/millrace' : resolve(folder, 'millrace-data'))
}
