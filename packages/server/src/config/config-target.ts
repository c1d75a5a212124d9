import type { Config } from './schema.ts'

/** What a change of the configuration would do, before anyone does it. */
export type ConfigPlan = {
  /** Keys whose value changes, dotted. */
  readonly changes: readonly string[]
  /** Listeners that are started, stopped or restarted; their sessions end. */
  readonly listeners: readonly string[]
  /** Paths whose source is started, stopped or pulled anew, and paths that are not there any more. */
  readonly paths: readonly string[]
  /** Ids of the sessions that end. */
  readonly sessions: readonly string[]
}

/** What a configuration is applied to: the server that runs. */
export type ConfigTarget = {
  plan(before: Config, after: Config): ConfigPlan
  /** @returns what could not be done, for people; the rest is done */
  apply(before: Config, after: Config): Promise<readonly string[]>
}
