import { decodeCertificate, decodeCertificateRequest, encodeCertificate, encodeSigned } from './certificate-messages.ts'
import { findCipherSuite, OFFERED_CIPHER_SUITES } from './cipher-suites.ts'
import { encodeClientHello } from './client-hello.ts'
import { CURVES, findCurve } from './curves.ts'
import { ALERT, DTLS_1_2, HANDSHAKE_TYPE, RANDOM_BYTES } from './dtls-constants.ts'
import { DtlsError, noCommon } from './dtls-error.ts'
import type { HandshakeMessage } from './handshake-message.ts'
import type { Handshake, HandshakeTalk } from './handshake-talk.ts'
import { decodeServerKeyExchange, encodeClientKeyExchange } from './key-exchange-messages.ts'
import { concat } from './key-schedule.ts'
import { decodeHelloVerifyRequest, decodeServerHello } from './server-hello.ts'
import { findSignatureScheme, OFFERED_SIGNATURE_SCHEMES, OUR_SIGNATURE_SCHEME } from './signature-schemes.ts'
import { exportSrtpKeys } from './srtp-keys.ts'

/** A client's part: `serverHandshake` has the picture. A HelloVerifyRequest is answered once. It throws DtlsError with what the peer did wrong. */
export function* clientHandshake(talk: HandshakeTalk): Handshake {
  const { crypto, certificate, srtpProfiles } = talk.options
  const random = crypto.random(RANDOM_BYTES)
  const helloBody = yield* greet(talk, random)
  const hello = decodeServerHello(helloBody)
  if (hello.version !== DTLS_1_2) throw new DtlsError('version', ALERT.PROTOCOL_VERSION, `the peer chooses version ${hello.version}; DTLS 1.2 is wanted`)
  if (!hello.extendedMasterSecret) throw noCommon('no-extended-master-secret', 'the peer does not know the extended master secret (RFC 7627)')
  const suite = findCipherSuite(hello.cipherSuite)
  const profile = srtpProfiles.find(({ id }) => id === hello.srtpProfile)
  if (!suite || !profile) throw new DtlsError('not-offered', ALERT.ILLEGAL_PARAMETER, 'the peer chooses a cipher suite or an SRTP profile that was not offered')

  const theirs = decodeCertificate((yield* talk.receive(HANDSHAKE_TYPE.CERTIFICATE)).body)
  talk.checkCertificate(theirs)
  const exchange = decodeServerKeyExchange((yield* talk.receive(HANDSHAKE_TYPE.SERVER_KEY_EXCHANGE)).body)
  const curve = findCurve(exchange.curve)
  if (!curve || findSignatureScheme(exchange.scheme)?.key !== suite.signature) {
    throw new DtlsError(
      'not-offered',
      ALERT.ILLEGAL_PARAMETER,
      'the peer exchanges keys on a curve that was not offered, or signs by another kind of key than it chose',
    )
  }
  yield* talk.verify(theirs, exchange, concat([random, hello.random, exchange.parameters]))
  let next = yield* talk.receive(HANDSHAKE_TYPE.CERTIFICATE_REQUEST, HANDSHAKE_TYPE.SERVER_HELLO_DONE)
  const isAsked = next.type === HANDSHAKE_TYPE.CERTIFICATE_REQUEST
  if (isAsked) {
    if (!decodeCertificateRequest(next.body).includes(OUR_SIGNATURE_SCHEME.id))
      throw noCommon('no-signature-scheme', 'the peer does not take ecdsa_secp256r1_sha256')
    next = yield* talk.receive(HANDSHAKE_TYPE.SERVER_HELLO_DONE)
  }

  if (isAsked) talk.say(HANDSHAKE_TYPE.CERTIFICATE, encodeCertificate(certificate))
  const { share } = yield* talk.run({ type: 'key-share', curve: curve.name })
  talk.say(HANDSHAKE_TYPE.CLIENT_KEY_EXCHANGE, encodeClientKeyExchange(share.publicKey))
  const schedule = yield* talk.agree(suite, share, curve, exchange.publicKey, random, hello.random)
  talk.setKeys(suite, schedule)
  if (isAsked) {
    const { signature } = yield* talk.run({ type: 'sign', message: talk.transcript })
    talk.say(HANDSHAKE_TYPE.CERTIFICATE_VERIFY, encodeSigned({ scheme: OUR_SIGNATURE_SCHEME.id, signature }))
  }
  talk.sayFinished(schedule)
  yield* talk.receiveFinished(schedule)
  return exportSrtpKeys(schedule, profile, 'client')
}

/** @returns the body of the ServerHello */
function* greet(talk: HandshakeTalk, random: Uint8Array): Handshake<Uint8Array> {
  const hello = {
    random,
    cipherSuites: OFFERED_CIPHER_SUITES,
    groups: CURVES.map(({ id }) => id),
    signatureSchemes: OFFERED_SIGNATURE_SCHEMES,
    srtpProfiles: talk.options.srtpProfiles.map(({ id }) => id),
  }
  talk.say(HANDSHAKE_TYPE.CLIENT_HELLO, encodeClientHello({ ...hello, cookie: new Uint8Array(0) }))
  const answer: HandshakeMessage = yield* talk.receive(HANDSHAKE_TYPE.SERVER_HELLO, HANDSHAKE_TYPE.HELLO_VERIFY_REQUEST)
  if (answer.type === HANDSHAKE_TYPE.SERVER_HELLO) return answer.body
  talk.forget()
  talk.say(HANDSHAKE_TYPE.CLIENT_HELLO, encodeClientHello({ ...hello, cookie: decodeHelloVerifyRequest(answer.body) }))
  return (yield* talk.receive(HANDSHAKE_TYPE.SERVER_HELLO)).body
}
