import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

/** Imports of other workspaces: `from '@millrace/media/hub/stream.ts'`, also `import('…')` and `import '…'`. */
const IMPORT = /(?:from|import)\s*\(?\s*'@millrace\/([\w-]+)\/([^']+)'/g

const WORKSPACES = ['packages', 'apps']

const listFiles = (root, folder) => {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => !/\/(?:node_modules|dist)\//.test(file))
}

/** The folder of the project that a file belongs to: the nearest one up with a tsconfig.json. */
const projectOf = (root, file) => {
  for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) if (existsSync(join(root, folder, 'tsconfig.json'))) return folder
  return undefined
}

const references = (root, project) => {
  const { references: listed = [] } = JSON.parse(readFileSync(join(root, project, 'tsconfig.json'), 'utf8'))
  return new Set(listed.map(({ path }) => posix.normalize(`${project}/${path}`).replace(/\/$/, '')))
}

/**
 * Imports of a folder in another workspace that the importing folder's tsconfig.json does not list in `references`. The compiler checks
 * relative imports itself, but takes what it finds by a package's name for somebody else's library.
 */
export const undeclaredImports = (root) =>
  WORKSPACES.flatMap((folder) => listFiles(root, folder))
    .filter((file) => /\.ts$/.test(file) && !/\.(?:test|d)\.ts$/.test(file))
    .flatMap((file) => {
      const project = projectOf(root, file)
      return project
        ? [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map(([, name, path]) => ({ file, project, target: `packages/${name}/src/${path}` }))
        : []
    })
    .filter(({ project, target }) => !references(root, project).has(projectOf(root, target) ?? dirname(target)))
    .map(({ file, target }) => `${file}: imports ${target}, which its tsconfig.json does not have in references`)
