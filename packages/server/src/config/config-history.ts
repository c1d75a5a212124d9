import { mkdir, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../store/atomic-file.ts'

/** Versions that are kept. */
export const MAX_VERSIONS = 100
const NAME = /^(\d{1,9})\.json$/

export type ConfigVersion = {
  /** Counts up; names the version. */
  readonly version: string
  /** ISO 8601, UTC: since when it was in force. */
  readonly time: string
  /** Who made it: a user of the API, `file`, `rollback to 7`. */
  readonly by: string
  /** Keys that were changed, dotted. */
  readonly changes: readonly string[]
}

type Stored = ConfigVersion & { readonly text: string }

/** Versions of the configuration, one file for each: what was in force, until when, and by whom. */
export class ConfigHistory {
  readonly #folder: string

  /** @param folder made when the first version is kept */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Newest first. */
  async list(): Promise<ConfigVersion[]> {
    const versions = await Promise.all((await this.#numbers()).map((number) => this.#read(number)))
    return versions.filter((stored) => stored !== undefined).map(({ text: _text, ...version }) => version)
  }

  /** @returns undefined if there is no such version */
  async textOf(version: string): Promise<string | undefined> {
    return /^\d{1,9}$/.test(version) ? (await this.#read(Number(version)))?.text : undefined
  }

  /** @returns its number; that of the newest one where the text is the same */
  async add(entry: Omit<Stored, 'version'>): Promise<string> {
    const numbers = await this.#numbers()
    const newest = numbers[0]
    if (newest !== undefined && (await this.#read(newest))?.text === entry.text) return String(newest)
    const version = String((newest ?? 0) + 1)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFileAtomic(this.#file(Number(version)), `${JSON.stringify({ version, ...entry }, null, 2)}\n`)
    await Promise.all(numbers.slice(MAX_VERSIONS - 1).map((number) => unlink(this.#file(number))))
    return version
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder).catch((): string[] => [])
    const numbers = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number)
    return numbers.sort((a, b) => b - a)
  }

  async #read(number: number): Promise<Stored | undefined> {
    const text = await readFile(this.#file(number), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const stored = JSON.parse(text) as Stored
    return typeof stored.text === 'string' ? stored : undefined
  }

  #file(number: number): string {
    return join(this.#folder, `${number}.json`)
  }
}
