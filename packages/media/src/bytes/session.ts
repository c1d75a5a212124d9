/**
 * What a pure protocol session gives its conn: bytes to send, an event, or the time at which it wants to be called again
 * (the newest `wakeAt` counts). Sessions do no I/O and read no clock: `nowMs` is an argument, monotonic milliseconds.
 */
export type SessionOutput<Event> =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'event'; readonly event: Event }
  | { readonly type: 'wakeAt'; readonly atMs: number }

/** A protocol's state machine over one byte stream. */
export type ByteStreamSession<Event> = {
  /**
   * Takes what came from the peer, in pieces of any size; the session copies what it keeps.
   * @throws ProtocolError when the peer is to be closed; what `pollOutput` still gives is sent before.
   */
  handleInput(nowMs: number, bytes: Uint8Array): void
  /** The time asked for by `wakeAt` has come. */
  handleTimeout(nowMs: number): void
  /** Call until it gives undefined. */
  pollOutput(): SessionOutput<Event> | undefined
}
