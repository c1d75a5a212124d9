import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { stringify } from 'yaml'
import type { Log } from '../log/log.ts'
import { removeLeftovers, writeFileAtomic } from '../store/atomic-file.ts'
import { ConfigError } from './config-error.ts'
import { ConfigHistory, type ConfigVersion } from './config-history.ts'
import type { ConfigPlan, ConfigTarget } from './config-target.ts'
import { documentOf, editDocument } from './edit-document.ts'
import { parseConfig } from './load-config.ts'
import type { Config } from './schema.ts'

const HISTORY_FOLDER = 'config-history'

export type ConfigStoreOptions = {
  /** Absolute. It need not be there yet. */
  readonly file: string
  /** What the file had when `config` was read from it. */
  readonly text: string
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  /** Where earlier versions are kept. */
  readonly dataFolder: string
  readonly target: ConfigTarget
  readonly log: Log
  /** Told after a change is in force. */
  onChange?(by: string, changes: readonly string[]): void
}

export type AppliedChange = {
  /** Empty if the history could not be written. */
  readonly version: string
  readonly plan: ConfigPlan
  /** What could not be done, for people: a port that is taken, a key that is read at the start only. */
  readonly faults: readonly string[]
}

/** The configuration that is in force: the file, and all that changes it. One change at a time. */
export class ConfigStore {
  readonly #options: ConfigStoreOptions
  readonly #history: ConfigHistory
  #current: Config
  #text: string
  /** What of it could not be done. */
  #faults: readonly string[] = []
  /** What was refused last, so that the same fault is said once. */
  #refused: string | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: ConfigStoreOptions) {
    this.#options = options
    this.#history = new ConfigHistory(join(options.dataFolder, HISTORY_FOLDER))
    this.#current = options.config
    this.#text = options.text
    this.#last = removeLeftovers(options.file)
  }

  get current(): Config {
    return this.#current
  }

  /** What the file says, without defaults and without the environment; with secrets. */
  document(): { readonly [key: string]: unknown } {
    return documentOf(this.#text)
  }

  /**
   * What a change would do. Nothing happens.
   * @param next all that the file would say
   * @throws ConfigError
   */
  plan(next: { readonly [key: string]: unknown }): ConfigPlan {
    return this.#options.target.plan(this.#current, this.#parse(stringify(next, { aliasDuplicateObjects: false })))
  }

  /**
   * Writes a change to the file, with comments and order as they are, and brings it into force.
   * @param next all that the file is to say
   * @param by who wants it, for the history
   * @throws ConfigError for what is wrong in it; the file system's error where the file cannot be written. Nothing has happened then.
   */
  apply(next: { readonly [key: string]: unknown }, by: string): Promise<AppliedChange> {
    return this.#inTurn(() => this.#write(editDocument(this.#name, this.#text, next), by))
  }

  /** Newest first. */
  history(): Promise<ConfigVersion[]> {
    return this.#history.list()
  }

  /**
   * Brings an earlier version back, as a new one.
   * @returns undefined if there is no such version
   * @throws as `apply`
   */
  rollback(version: string, by: string): Promise<AppliedChange | undefined> {
    return this.#inTurn(async () => {
      const text = await this.#history.textOf(version)
      return text === undefined ? undefined : this.#write(text, `${by}, back to ${version}`)
    })
  }

  /**
   * Takes what somebody wrote to the file. What is wrong in it is said in the log, and nothing changes.
   * @param again try again what could not be done, even if the file is the same
   */
  reload(again = false): Promise<void> {
    return this.#inTurn(async () => {
      const { log, file } = this.#options
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error)
      if (text instanceof Error) {
        // Some editors remove the file for a moment.
        if (text.code !== 'ENOENT' || this.#text !== '') this.#refuse(`it cannot be read (${text.code})`)
        return
      }
      if (text === this.#text) {
        this.#refused = undefined
        if (again && this.#faults.length > 0) await this.#applyTo(this.#current)
        return
      }
      try {
        const config = this.#parse(text)
        await this.#keepOld()
        await this.#bring(text, config, 'file')
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        this.#refuse(error.message)
        log.debug({}, 'the configuration before it stays in force')
      }
    })
  }

  get #name(): string {
    return basename(this.#options.file)
  }

  #parse(text: string): Config {
    return parseConfig(this.#name, text, this.#options.env)
  }

  async #write(text: string, by: string): Promise<AppliedChange> {
    const config = this.#parse(text)
    await this.#keepOld()
    await writeFileAtomic(this.#options.file, text)
    return this.#bring(text, config, by)
  }

  /** The first change finds nothing in the history, and one after an edit without the server another text. */
  async #keepOld(): Promise<void> {
    await this.#remember('file', [], this.#text)
  }

  /** A history that cannot be written is no reason to refuse a change. @returns the version, or '' */
  async #remember(by: string, changes: readonly string[], text: string): Promise<string> {
    try {
      return await this.#history.add({ time: new Date().toISOString(), by, changes, text })
    } catch (error) {
      this.#options.log.warn({ folder: this.#options.dataFolder, reason: (error as Error).message }, 'this version of the configuration is not kept')
      return ''
    }
  }

  async #bring(text: string, config: Config, by: string): Promise<AppliedChange> {
    const { target, log, onChange } = this.#options
    const before = this.#current
    const plan = target.plan(before, config)
    this.#text = text
    this.#current = config
    this.#refused = undefined
    const version = await this.#remember(by, plan.changes, text)
    log.info({ by, changes: plan.changes, restarts: plan.listeners, endsSessions: plan.sessions.length }, 'the configuration changed')
    await this.#applyTo(before)
    onChange?.(by, plan.changes)
    return { version, plan, faults: this.#faults }
  }

  async #applyTo(before: Config): Promise<void> {
    this.#faults = await this.#options.target.apply(before, this.#current)
    for (const fault of this.#faults) this.#options.log.error({}, `not everything of the new configuration is in force: ${fault}`)
  }

  #refuse(reason: string): void {
    if (reason === this.#refused) return
    this.#refused = reason
    for (const line of reason.split('\n')) this.#options.log.error({}, `the changed configuration is not taken, the one before stays: ${line}`)
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
