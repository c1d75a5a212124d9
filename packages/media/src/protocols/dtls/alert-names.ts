/** AlertDescription, RFC 5246 section 7.2 and RFC 8446 section 6. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'close notify',
  10: 'unexpected message',
  20: 'bad record MAC',
  40: 'handshake failure',
  42: 'bad certificate',
  43: 'unsupported certificate',
  44: 'certificate revoked',
  45: 'certificate expired',
  46: 'certificate unknown',
  47: 'illegal parameter',
  48: 'unknown CA',
  49: 'access denied',
  50: 'decode error',
  51: 'decrypt error',
  70: 'protocol version',
  71: 'insufficient security',
  80: 'internal error',
  86: 'inappropriate fallback',
  90: 'user cancelled',
  100: 'no renegotiation',
  109: 'missing extension',
  110: 'unsupported extension',
}

/** What an alert means, for people. */
export const alertName = (description: number): string => NAMES[description] ?? 'unknown'
