import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/schema.ts'
import type { ServerContext } from '../net/context.ts'
import type { PathEntriesOptions } from '../paths/path-entries.ts'
import type { StartSource } from '../paths/path-sources.ts'
import { startFileSource } from '../sources/file/source.ts'
import { startRtspSource } from '../sources/rtsp/rtsp-source.ts'

const DEMO_PATH = 'demo'
const DEMO_FILE = new URL('../../assets/demo.mp4', import.meta.url)

/** What the configuration says about paths. */
export const pathEntries = ({ demo, paths, pathDefaults }: Config): PathEntriesOptions => ({
  entries: paths,
  defaults: pathDefaults,
  builtIn: demo ? { [DEMO_PATH]: { ...pathDefaults, source: DEMO_FILE.href, sourceOnDemand: false } } : {},
})

/**
 * Starts the source that fits what is written.
 * @param folder what `file:` sources are relative to
 */
export const sourceStarter =
  (context: () => ServerContext, folder: string): StartSource =>
  (path, { source, rtspTransport }) =>
    /^file:/i.test(source)
      ? startFileSource(context(), { path, file: fileOf(source, folder), loop: true })
      : startRtspSource(context(), { path, url: source, transport: rtspTransport })

/** `file:clip.mp4` is relative to the configuration, `file:/srv/clip.mp4` and `file:///srv/clip.mp4` are not. */
const fileOf = (source: string, folder: string): string => (/^file:\/\//i.test(source) ? fileURLToPath(source) : resolve(folder, source.slice('file:'.length)))
