import { ProtocolError } from '../../bytes/protocol-error.ts'
import { ALERT } from './dtls-constants.ts'

/** A peer's fault that ends the handshake, and the alert that tells the peer. */
export class DtlsError extends ProtocolError {
  /** AlertDescription, RFC 5246 section 7.2. */
  readonly alert: number

  /** @param code one of those in `docs/design/dtls.md`, with `dtls/` before it */
  constructor(code: string, alert: number, message: string) {
    super(`dtls/${code}`, message)
    this.name = 'DtlsError'
    this.alert = alert
  }
}

/** A message that is not what its specification says. */
export const malformed = (message: string): DtlsError => new DtlsError('malformed', ALERT.DECODE_ERROR, message)

/** Nothing that both sides can do. */
export const noCommon = (code: string, message: string): DtlsError => new DtlsError(code, ALERT.HANDSHAKE_FAILURE, message)
