/** A server under measurement: one process. */
export type Rival = {
  readonly name: string
  readonly pid: number
  /** RTMP, on 127.0.0.1. */
  readonly port: number
  stop(): Promise<void>
}
