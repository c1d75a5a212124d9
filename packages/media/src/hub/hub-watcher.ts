import type { Publisher } from './hub.ts'
import type { Stream, StreamClient } from './stream.ts'

/** Told at once who comes and goes. Must not throw. */
export type HubWatcher = {
  /** The path is ready from now on. */
  publisherCame?(path: string, publisher: Publisher, stream: Stream): void
  /** @param reason for people; empty if it did not say */
  publisherLeft?(path: string, publisher: Publisher, stream: Stream, reason: string): void
  readerCame?(path: string, client: StreamClient, stream: Stream): void
  /** @param reason for people; empty if nobody knows */
  readerLeft?(path: string, client: StreamClient, reason: string): void
}
