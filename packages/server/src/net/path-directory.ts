import type { Stream } from '@millrace/media/hub/stream.ts'
import type { PathConfig } from '../config/sections/paths.ts'

/** A path's name with what the configuration says about it. */
export type ResolvedPath = {
  readonly name: string
  readonly config: PathConfig
  /** `$G0` is the whole name; what the groups of a `~regex` matched follows. */
  readonly groups: readonly string[]
}

/** The configured paths. Their settings can change at any time: ask again rather than keep the answer. */
export type PathDirectory = {
  /** @returns undefined where no entry of `paths` fits the name: nobody may publish or read there */
  resolvePath(name: string): ResolvedPath | undefined
  /**
   * May somebody begin to publish there now? Whether this client may is another question.
   * @throws ProtocolError `path/invalid-name`, `path/not-configured`, `path/has-source`, `path/busy`
   */
  checkPublish(name: string): void
  /**
   * What a reader reads. Starts a source that is pulled on demand and waits for it; otherwise it answers at once.
   * @param signal the reader went away: stop waiting
   * @returns undefined where nobody publishes; `whyUnavailable` says more
   */
  whenAvailable(name: string, signal?: AbortSignal): Promise<Stream | undefined>
  /** Why there is nothing to read now, for people: `nobody publishes to lecture/hall-1`. */
  whyUnavailable(name: string): string
}
