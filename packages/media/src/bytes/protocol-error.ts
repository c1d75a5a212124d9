/**
 * A peer's fault: what it sent breaks its protocol. It closes that peer and nobody else, and is counted by `code`.
 * Our own faults are plain `Error`s (assertions).
 */
export class ProtocolError extends Error {
  /** Stable, for metrics and tests: `rtsp/header-too-long`. Lower case, `protocol/what`. */
  readonly code: string

  /**
   * @param code stable code, `protocol/what`
   * @param message what was wrong, where, and what would be right
   */
  constructor(code: string, message: string) {
    super(message)
    this.name = 'ProtocolError'
    this.code = code
  }
}
