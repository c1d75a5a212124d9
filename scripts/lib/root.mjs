import { fileURLToPath } from 'node:url'

/** The repository's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Ends the program with one line for the user. */
export const fail = (line) => {
  console.error(line)
  process.exit(1)
}
