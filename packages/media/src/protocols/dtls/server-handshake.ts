import { decodeCertificate, decodeCertificateVerify, encodeCertificate, encodeCertificateRequest, encodeSigned } from './certificate-messages.ts'
import { chooseCipherSuite } from './cipher-suites.ts'
import { type ClientHello, decodeClientHello } from './client-hello.ts'
import { CURVES } from './curves.ts'
import { ALERT, DTLS_1_2, HANDSHAKE_TYPE, RANDOM_BYTES } from './dtls-constants.ts'
import { DtlsError, noCommon } from './dtls-error.ts'
import type { Handshake, HandshakeTalk } from './handshake-talk.ts'
import { decodeClientKeyExchange, encodeKeyParameters } from './key-exchange-messages.ts'
import { concat } from './key-schedule.ts'
import { encodeServerHello } from './server-hello.ts'
import { OFFERED_SIGNATURE_SCHEMES, OUR_SIGNATURE_SCHEME } from './signature-schemes.ts'
import { exportSrtpKeys } from './srtp-keys.ts'

/**
 * A server's part, RFC 6347 section 4.2.4 without HelloVerifyRequest: the address is proven by ICE.
 *
 *     ClientHello                                   -------->
 *                 ServerHello, Certificate, ServerKeyExchange,
 *                   <--------   CertificateRequest, ServerHelloDone
 *     Certificate, ClientKeyExchange, CertificateVerify,
 *     ChangeCipherSpec, Finished                    -------->
 *                   <--------          ChangeCipherSpec, Finished
 *
 * It throws DtlsError with what the peer did wrong.
 */
export function* serverHandshake(talk: HandshakeTalk): Handshake {
  const { crypto, certificate, srtpProfiles } = talk.options
  const hello = decodeClientHello((yield* talk.receive(HANDSHAKE_TYPE.CLIENT_HELLO)).body)
  const { suite, curve } = chooseParameters(hello)
  const profile = srtpProfiles.find(({ id }) => hello.srtpProfiles.includes(id))
  if (!profile) throw noCommon('no-srtp', `the peer takes none of ${srtpProfiles.map(({ name }) => name).join(', ')}`)

  const random = crypto.random(RANDOM_BYTES)
  const { share } = yield* talk.run({ type: 'key-share', curve: curve.name })
  const parameters = encodeKeyParameters(curve.id, share.publicKey)
  const { signature } = yield* talk.run({ type: 'sign', message: concat([hello.random, random, parameters]) })
  const { secureRenegotiation } = hello
  talk.say(HANDSHAKE_TYPE.SERVER_HELLO, encodeServerHello({ random, cipherSuite: suite.id, srtpProfile: profile.id, secureRenegotiation }))
  talk.say(HANDSHAKE_TYPE.CERTIFICATE, encodeCertificate(certificate))
  talk.say(HANDSHAKE_TYPE.SERVER_KEY_EXCHANGE, concat([parameters, encodeSigned({ scheme: OUR_SIGNATURE_SCHEME.id, signature })]))
  talk.say(HANDSHAKE_TYPE.CERTIFICATE_REQUEST, encodeCertificateRequest(OFFERED_SIGNATURE_SCHEMES))
  talk.say(HANDSHAKE_TYPE.SERVER_HELLO_DONE, new Uint8Array(0))

  const theirs = decodeCertificate((yield* talk.receive(HANDSHAKE_TYPE.CERTIFICATE)).body)
  talk.checkCertificate(theirs)
  const publicKey = decodeClientKeyExchange((yield* talk.receive(HANDSHAKE_TYPE.CLIENT_KEY_EXCHANGE)).body)
  const schedule = yield* talk.agree(suite, share, curve, publicKey, hello.random, random)
  const proof = decodeCertificateVerify((yield* talk.receive(HANDSHAKE_TYPE.CERTIFICATE_VERIFY)).body)
  yield* talk.verify(theirs, proof, talk.transcriptBefore)
  // Only now is a Finished read: whoever does not have the certificate's key is told so, not that something does not fit.
  talk.setKeys(suite, schedule)
  yield* talk.receiveFinished(schedule)
  talk.sayFinished(schedule)
  return exportSrtpKeys(schedule, profile, 'server')
}

const chooseParameters = (hello: ClientHello) => {
  // Versions count downwards. Who knows DTLS 1.3 says 1.2 here, RFC 9147 section 5.3.
  if (hello.version > DTLS_1_2) throw new DtlsError('version', ALERT.PROTOCOL_VERSION, 'the peer knows DTLS 1.0 only; DTLS 1.2 is wanted')
  if (!hello.extendedMasterSecret) throw noCommon('no-extended-master-secret', 'the peer does not know the extended master secret (RFC 7627)')
  const suite = chooseCipherSuite(hello.cipherSuites)
  if (!suite) throw noCommon('no-cipher-suite', 'the peer takes no cipher suite of ours: ECDHE_ECDSA with AES-GCM or ChaCha20')
  const curve = CURVES.find(({ id }) => hello.groups.includes(id))
  if (!curve) throw noCommon('no-curve', `the peer takes none of ${CURVES.map(({ name }) => name).join(', ')}`)
  if (!hello.signatureSchemes.includes(OUR_SIGNATURE_SCHEME.id)) throw noCommon('no-signature-scheme', 'the peer does not take ecdsa_secp256r1_sha256')
  return { suite, curve }
}
