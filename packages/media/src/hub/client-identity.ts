/** Who publishes or reads, as lists, logs and events show it. */
export type ClientIdentity = {
  readonly protocol: string
  /** `address:port`, or the URL of a source without its credentials. */
  readonly remote: string
  /** How its media goes, where the protocol leaves a choice. */
  readonly transport?: 'udp' | 'tcp' | undefined
  /** By whose credentials it came in; empty or absent where none were asked for. */
  readonly user?: string | undefined
  /** What it calls itself. */
  readonly userAgent?: string | undefined
  /** Pulled by the server as configured; nobody connected to us. */
  readonly isSource?: boolean | undefined
  /** Media goes now: it is connected, and has not paused. True if absent. */
  readonly isActive?: boolean | undefined
}
