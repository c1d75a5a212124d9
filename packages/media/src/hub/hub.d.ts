import { type Codec } from '../codecs/codec.ts'
import type { Converters } from './converters.ts'
import { Stream } from './stream.ts'
/** Who publishes, as lists and logs show it. */
export type Publisher = {
  readonly protocol: string
  /** `address:port`, or the URL of a source without its credentials. */
  readonly remote: string
  /** Told when the server wants it to stop. */
  close(message: string): void
}
/** A publisher's hold on a path. */
export type Publication = {
  readonly stream: Stream
  /**
   * Where the publisher's own zero lies on the stream's timeline, in milliseconds: 0 for the first publisher,
   * later for those that continue a stream. Add it to every timestamp.
   */
  readonly originMs: number
  /** The publisher is gone. Readers stay until the grace period is over. Calling it twice does nothing. */
  close(nowMs: number): void
}
/** A path as lists show it. */
export type PathState = {
  readonly name: string
  readonly publisher: Publisher | undefined
  readonly stream: Stream
}
export type HubOptions = {
  readonly converters: Converters
  /** How long readers wait for a publisher that left to come back, in milliseconds. */
  readonly republishGraceMs: number
}
/** The server's live paths. Knows no protocol and no clock. */
export declare class Hub {
  #private
  constructor(options: HubOptions)
  /**
   * Takes a path for a publisher. Readers of an earlier publisher continue where the codecs are compatible, and are ended otherwise.
   * @param codecs one per track, in the order of the stream's tracks
   * @param fedIn the view that the publisher writes
   * @throws ProtocolError `path/busy` if another publisher has the path, `path/invalid-name`, `path/no-tracks`
   */
  publish(name: string, codecs: readonly Codec[], fedIn: 'units' | 'packets', publisher: Publisher, nowMs: number): Publication
  /** What a reader reads, or undefined while nobody publishes there. A stream whose publisher just left still counts as live. */
  find(name: string): Stream | undefined
  /** Live paths, by name. */
  list(): PathState[]
  /** Ends streams whose publisher did not come back in time. Call about once a second. */
  tick(nowMs: number): void
  /** @returns a function that stops listening */
  onPathChange(listener: (name: string) => void): () => void
  /** Ends every stream and tells its publisher. */
  close(): void
}
