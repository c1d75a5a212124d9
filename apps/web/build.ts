import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = import.meta.dirname
/** What the pages are made of. */
const INPUTS = ['index.html', 'player.html', 'build.ts', 'src', '../../packages/client/src', '../../package-lock.json']

/** Where the server reads the pages from. */
export const PAGES_DIR = join(ROOT, 'dist')

/** @param outDir is emptied first */
export const buildPages = async (outDir: string = PAGES_DIR): Promise<void> => {
  await build({
    root: ROOT,
    configFile: false,
    base: '/_/',
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      // The pages' policy allows neither inline scripts nor data: styles; every browser with WebRTC and these targets has module preload.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: ['chrome109', 'firefox115', 'safari16'],
      rolldownOptions: { input: [join(ROOT, 'index.html'), join(ROOT, 'player.html')] },
      // hls.js, which is loaded only when it is needed.
      chunkSizeWarningLimit: 700,
    },
  })
}

/** Whether something that the pages are made of is newer than they are. */
export const pagesAreStale = async (): Promise<boolean> => {
  const built = await stat(join(PAGES_DIR, 'player.html')).catch(() => undefined)
  if (!built) return true
  for (const input of INPUTS) if ((await newestMs(join(ROOT, input))) > built.mtimeMs) return true
  return false
}

const newestMs = async (path: string): Promise<number> => {
  const { mtimeMs } = await stat(path)
  const names = await readdir(path).catch(() => [])
  const times = await Promise.all(names.map((name) => newestMs(join(path, name))))
  return Math.max(mtimeMs, ...times)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPages()
