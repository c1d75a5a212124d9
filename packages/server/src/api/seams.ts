import type { Action } from '../net/access.ts'

/** What the API needs of the rest of the server, and nothing more. */

/** A configuration as millrace.yml has it: what was set, without defaults. */
export type ConfigDocument = { readonly [key: string]: unknown }

export type ChangePlan = {
  /** Keys that change. */
  readonly changes: readonly string[]
  /** Listeners that are closed and opened again. */
  readonly listeners: readonly string[]
  /** Paths whose source or settings change. */
  readonly paths: readonly string[]
  /** Ids of sessions that end. */
  readonly sessions: readonly string[]
}

export type AppliedChange = {
  /** Of the history. */
  readonly version: string
  readonly plan: ChangePlan
  /** What could not be done, for people. */
  readonly faults: readonly string[]
}

export type ConfigVersion = { readonly version: string; readonly time: string; readonly by: string; readonly changes: readonly string[] }

/** The configuration, to be read and changed. What is wrong with a document is thrown as an error with `faults`, as `ConfigError` has them. */
export type ConfigAccess = {
  /** What is set, with secrets. */
  document(): ConfigDocument
  /** Nothing happens. */
  plan(next: ConfigDocument): ChangePlan | Promise<ChangePlan>
  /** In force, and kept over a restart, when it resolves. @param by who wanted it */
  apply(next: ConfigDocument, by: string): Promise<AppliedChange>
  /** Newest first. */
  history(): readonly ConfigVersion[] | Promise<readonly ConfigVersion[]>
  /** @returns undefined if there is no such version */
  rollback(version: string, by: string): Promise<AppliedChange | undefined>
}

export type ApiUser = {
  readonly user: string
  readonly permissions: readonly { readonly action: Action; readonly path: string }[]
  /** Networks that the user may come from; empty for all. */
  readonly ips: readonly string[]
  /** Whether what RTSP Digest needs is kept. */
  readonly digest: boolean
}

/** What is absent stays as it is. */
export type UserChange = { readonly password?: string | undefined } & { readonly [K in 'permissions' | 'ips' | 'digest']?: ApiUser[K] | undefined }

/** Users in the file of users, and stream keys. What is wrong is thrown as an error with `faults`. */
export type UserAccess = {
  list(): readonly ApiUser[]
  /** A new user, or a changed one. @param change for a new one with password and permissions */
  save(name: string, change: UserChange): Promise<void>
  remove(name: string): Promise<void>
  /** Paths that have a key to publish with. */
  keyedPaths(): readonly string[]
  /** @returns the new key, which is not kept itself */
  rotateKey(path: string): Promise<string>
  removeKey(path: string): Promise<void>
}
