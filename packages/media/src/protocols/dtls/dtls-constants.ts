/** DTLS 1.2 as it is on the wire, RFC 6347 section 4.1. */
export const DTLS_1_2 = 0xfefd
/** First hellos and HelloVerifyRequest bear it, so that older peers read them. */
export const DTLS_1_0 = 0xfeff

/** RFC 6347 section 4.1, RFC 5246 section 6.2.1. */
export const CONTENT_TYPE = { CHANGE_CIPHER_SPEC: 20, ALERT: 21, HANDSHAKE: 22, APPLICATION_DATA: 23 } as const

/** RFC 5246 section 7.4, RFC 6347 section 4.3.2. */
export const HANDSHAKE_TYPE = {
  HELLO_REQUEST: 0,
  CLIENT_HELLO: 1,
  SERVER_HELLO: 2,
  HELLO_VERIFY_REQUEST: 3,
  CERTIFICATE: 11,
  SERVER_KEY_EXCHANGE: 12,
  CERTIFICATE_REQUEST: 13,
  SERVER_HELLO_DONE: 14,
  CERTIFICATE_VERIFY: 15,
  CLIENT_KEY_EXCHANGE: 16,
  FINISHED: 20,
} as const

export const ALERT_LEVEL = { WARNING: 1, FATAL: 2 } as const

/** RFC 5246 section 7.2. */
export const ALERT = {
  CLOSE_NOTIFY: 0,
  UNEXPECTED_MESSAGE: 10,
  HANDSHAKE_FAILURE: 40,
  BAD_CERTIFICATE: 42,
  ILLEGAL_PARAMETER: 47,
  DECODE_ERROR: 50,
  DECRYPT_ERROR: 51,
  PROTOCOL_VERSION: 70,
  INTERNAL_ERROR: 80,
} as const

/** RFC 8422 section 5.1, RFC 5246 section 7.4.1.4.1, RFC 5764 section 4.1, RFC 7627 section 5.1, RFC 5746 section 3.2. */
export const EXTENSION = {
  SUPPORTED_GROUPS: 10,
  EC_POINT_FORMATS: 11,
  SIGNATURE_ALGORITHMS: 13,
  USE_SRTP: 14,
  EXTENDED_MASTER_SECRET: 23,
  RENEGOTIATION_INFO: 0xff01,
} as const

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3: says the same as an empty extension. */
export const EMPTY_RENEGOTIATION_INFO = 0x00ff

/** ClientCertificateType: rsa_sign and ecdsa_sign. */
export const CERTIFICATE_TYPES: readonly number[] = [64, 1]

export const RANDOM_BYTES = 32
export const VERIFY_DATA_BYTES = 12
