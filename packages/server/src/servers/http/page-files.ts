import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export type PageFile = { readonly type: string; readonly bytes: Buffer; readonly gzipped: Buffer }

/**
 * The built web pages, read once: what is served is a look-up in this map, so no request can reach another file.
 * @param directory the build's output
 * @returns by name relative to the directory, `assets/player-Bx3f.js`; empty if the directory does not exist
 */
export const readPageFiles = async (directory: string): Promise<ReadonlyMap<string, PageFile>> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = new Map<string, PageFile>()
  for (const entry of entries) {
    const type = CONTENT_TYPES[extname(entry.name)]
    if (!entry.isFile() || !type) continue
    const file = join(entry.parentPath, entry.name)
    const bytes = await readFile(file)
    const name = file.slice(join(directory, '/').length).split('\\').join('/')
    files.set(name, { type, bytes, gzipped: await promisify(gzip)(bytes) })
  }
  return files
}
