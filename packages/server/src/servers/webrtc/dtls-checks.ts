import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from 'node:crypto'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { type DtlsClient, type DtlsServer, HashAlgorithm, SignatureAlgorithm } from 'werift'
import { HANDSHAKE_TYPE } from './dtls-gate.ts'
import { matchesFingerprint } from './fingerprint.ts'

export type HandshakeMessage = Parameters<DtlsServer['onHandleHandshakes']>[0][number]

/** Whoever has this certificate is the one that the offer announced, if it proves that it has the certificate's key. */
const checkCertificate = (certificate: Buffer | undefined, fingerprints: readonly Fingerprint[]): Buffer => {
  if (!certificate || !matchesFingerprint(certificate, fingerprints)) {
    throw new ProtocolError('dtls/fingerprint', "the peer's certificate is not the one whose fingerprint its offer announced")
  }
  return certificate
}

/**
 * What a client has to prove before the library takes its message.
 * @throws ProtocolError `dtls/fingerprint`, `dtls/signature`, `dtls/finished`
 */
export const checkClientMessage = (server: DtlsServer, fingerprints: readonly Fingerprint[], message: HandshakeMessage): void => {
  if (message.msg_type === HANDSHAKE_TYPE.CERTIFICATE_VERIFY) {
    const certificate = checkCertificate(server.cipher.remoteCertificate, fingerprints)
    if (!isSigned(message.fragment, certificate, transcript(server))) throw notSigned()
  } else if (message.msg_type === HANDSHAKE_TYPE.FINISHED) checkFinished(server, 'client finished', message.fragment)
}

/**
 * What a server has to prove before the library takes its messages: a function to be called with each of them.
 * It throws ProtocolError `dtls/fingerprint`, `dtls/signature`, `dtls/finished`.
 */
export const serverCheck = (client: DtlsClient, fingerprints: readonly Fingerprint[]): ((message: HandshakeMessage) => void) => {
  // The library reads it later than the messages after it come.
  let certificate: Buffer | undefined
  return ({ msg_type: type, fragment: body }) => {
    if (type === HANDSHAKE_TYPE.CERTIFICATE) certificate = checkCertificate(firstCertificate(body), fingerprints)
    else if (type === HANDSHAKE_TYPE.SERVER_KEY_EXCHANGE) {
      // RFC 8422 section 5.4: curve type, curve, public key with its length, and the signature over both randoms and all that.
      const parametersEnd = 4 + (body[3] ?? 0)
      const { localRandom, remoteRandom } = client.cipher
      const signed = Buffer.concat([localRandom.serialize(), remoteRandom.serialize(), body.subarray(0, parametersEnd)])
      if (!certificate || !isSigned(body.subarray(parametersEnd), certificate, signed)) throw notSigned()
    } else if (type === HANDSHAKE_TYPE.FINISHED) {
      // A server that never showed its certificate is nobody.
      if (!certificate) throw notSigned()
      checkFinished(client, 'server finished', body)
    }
  }
}

/** The first of the list in a Certificate message, RFC 5246 section 7.4.2. */
const firstCertificate = (body: Buffer): Buffer | undefined => {
  if (body.length < 6) return undefined
  const end = 6 + body.readUIntBE(3, 3)
  return end <= body.length ? body.subarray(6, end) : undefined
}

/** All handshake messages so far, RFC 6347 section 4.2.6. */
const transcript = (socket: DtlsServer | DtlsClient): Buffer => Buffer.concat(socket.dtls.sortedHandshakeCache.map((message) => message.serialize()))

const notSigned = (): ProtocolError => new ProtocolError('dtls/signature', "the peer does not prove that it has its certificate's key")

const SIGNATURE_HASHES: Readonly<Record<number, string>> = { [HashAlgorithm.sha256_4]: 'sha256', 5: 'sha384', 6: 'sha512' }

/** A signature with its algorithm, RFC 5246 section 4.7: hash, signature algorithm, length, signature. */
const isSigned = (body: Buffer, certificate: Buffer, signed: Buffer): boolean => {
  const [hash = 0, algorithm] = body
  const digest = SIGNATURE_HASHES[hash]
  const known = algorithm === SignatureAlgorithm.ecdsa_3 || algorithm === SignatureAlgorithm.rsa_1
  if (body.length < 4 || !digest || !known || body.readUInt16BE(2) !== body.length - 4) return false
  const key = new X509Certificate(certificate).publicKey
  return (key.asymmetricKeyType === 'ec') === (algorithm === SignatureAlgorithm.ecdsa_3) && verify(digest, signed, key, body.subarray(4))
}

const checkFinished = (socket: DtlsServer | DtlsClient, label: string, body: Buffer): void => {
  const expected = finishedData(socket.cipher.masterSecret, label, transcript(socket))
  if (body.length !== expected.length || !timingSafeEqual(body, expected)) {
    throw new ProtocolError('dtls/finished', "the peer's Finished does not fit the handshake")
  }
}

/** verify_data, RFC 5246 section 7.4.9: 12 bytes of the pseudo-random function. */
const finishedData = (masterSecret: Buffer, label: string, messages: Buffer): Buffer => {
  const seed = Buffer.concat([Buffer.from(label), createHash('sha256').update(messages).digest()])
  const hmac = (data: Buffer): Buffer => createHmac('sha256', masterSecret).update(data).digest()
  return hmac(Buffer.concat([hmac(seed), seed])).subarray(0, 12)
}
