import { resolve } from 'node:path'

/**
 * Where the server keeps what it makes itself: earlier configurations, its certificate, hashes.
 * @param configured `dataDir`
 * @param folder of the configuration
 */
export const dataFolder = (configured: string | undefined, folder: string, env: NodeJS.ProcessEnv): string =>
  // systemd makes STATE_DIRECTORY for the service's user; with several names in it the first is ours.
  configured === undefined ? (env.STATE_DIRECTORY?.split(':')[0] ?? resolve(folder, 'millrace-data')) : resolve(folder, configured)
