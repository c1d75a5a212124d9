import { createPublicKey, constants as cryptoConstants, diffieHellman, generateKeyPair, KeyObject, sign, verify, X509Certificate } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { CurveName } from '@millrace/media/protocols/dtls/curves.ts'
import type { DtlsJob, DtlsJobResult } from '@millrace/media/protocols/dtls/dtls-crypto.ts'

/** One core is left to the event loop, and threads of the pool to whoever else needs them. */
const MAX_RUNNING = Math.max(1, Math.min(3, availableParallelism() - 1))

type Done = (result: DtlsJobResult) => void

/** The dear primitives of DTLS, in the thread pool: a few at a time, in their order. */
export class DtlsJobs {
  readonly #key: KeyObject
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param key of our certificate */
  constructor(key: KeyObject) {
    this.#key = key
  }

  /** @param done is called later, never within this call */
  run(job: DtlsJob, done: Done): void {
    const start = (): void => {
      this.#running++
      this.#start(job, (result) => {
        this.#running--
        this.#waiting.shift()?.()
        done(result)
      })
    }
    if (this.#running < MAX_RUNNING) start()
    else this.#waiting.push(start)
  }

  #start(job: DtlsJob, done: Done): void {
    if (job.type === 'key-share') makeShare(job.curve, done)
    else if (job.type === 'agree') agree(job, done)
    else if (job.type === 'verify') verifySignature(job, done)
    else {
      sign('sha256', job.message, this.#key, (error, signature) => {
        if (error) throw error
        done({ type: 'sign', signature })
      })
    }
  }
}

const makeShare = (curve: CurveName, done: Done): void => {
  const take = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject): void => {
    if (error) throw error
    done({ type: 'key-share', share: { curve, publicKey: publicKey.export({ format: 'raw-public' }), secret: privateKey } })
  }
  if (curve === 'x25519') generateKeyPair('x25519', {}, take)
  else generateKeyPair('ec', { namedCurve: curve }, take)
}

const agree = ({ share, publicKey }: DtlsJob & { readonly type: 'agree' }, done: Done): void => {
  if (!(share.secret instanceof KeyObject)) throw new Error('a key share that is not of this module')
  const theirs = importPoint(share.curve, publicKey)
  const fail = (): void => done({ type: 'agree', secret: undefined })
  if (!theirs) setImmediate(fail)
  // X25519 refuses points that make the secret zero, RFC 8422 section 5.11.
  else diffieHellman({ privateKey: share.secret, publicKey: theirs }, (error, secret) => (error ? fail() : done({ type: 'agree', secret })))
}

/** @returns undefined if it is no point of the curve */
const importPoint = (curve: CurveName, publicKey: Uint8Array): KeyObject | undefined => {
  const key = Buffer.from(publicKey)
  try {
    if (curve === 'x25519') return createPublicKey({ key, format: 'raw-public', asymmetricKeyType: 'x25519' })
    return createPublicKey({ key, format: 'raw-public', asymmetricKeyType: 'ec', namedCurve: curve })
  } catch {
    return undefined
  }
}

const verifySignature = ({ scheme, certificate, message, signature }: DtlsJob & { readonly type: 'verify' }, done: Done): void => {
  const end = (valid: boolean): void => done({ type: 'verify', valid })
  const publicKey = certifiedKey(certificate)
  if (publicKey?.asymmetricKeyType !== (scheme.key === 'ecdsa' ? 'ec' : 'rsa')) {
    setImmediate(end, false)
    return
  }
  const padding = scheme.pss ? { padding: cryptoConstants.RSA_PKCS1_PSS_PADDING, saltLength: cryptoConstants.RSA_PSS_SALTLEN_DIGEST } : {}
  verify(scheme.hash, message, { key: publicKey, ...padding }, signature, (error, valid) => end(!error && valid))
}

/** @returns undefined if it is no certificate */
const certifiedKey = (certificate: Uint8Array): KeyObject | undefined => {
  try {
    return new X509Certificate(certificate).publicKey
  } catch {
    return undefined
  }
}
