import { mkdirSync, readFileSync, renameSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../log/log.ts'
import { type CertificateFiles, certificateWarning, readCertificateFiles } from './certificate-files.ts'
import { type CertificateAndKey, makeSelfSigned } from './self-signed.ts'

/** Files are looked at this often: unlike notices of changes, that works with links, containers' volumes and network file systems too. */
const LOOK_MS = 5000
const SELF_MADE_DAYS = 825
/** Made anew when it has less than this left. */
const RENEW_BEFORE_MS = 30 * 86_400_000

/** A certificate from files that may be renewed while the server runs. */
export class FileIdentity {
  readonly #files: CertificateFiles
  readonly #log: Log
  readonly #listeners = new Set<() => void>()
  #pair: CertificateAndKey

  /**
   * @param lookMs how often the files are looked at
   * @throws CertificateError
   */
  constructor(files: CertificateFiles, log: Log, lookMs = LOOK_MS) {
    this.#files = files
    this.#log = log
    this.#pair = readCertificateFiles(files)
    this.#warn()
    for (const file of [files.certificate, files.key]) watchFile(file, { interval: lookMs, persistent: false }, this.#look)
  }

  current(): CertificateAndKey {
    return this.#pair
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    for (const file of [this.#files.certificate, this.#files.key]) unwatchFile(file, this.#look)
  }

  readonly #look = (): void => {
    try {
      const pair = readCertificateFiles(this.#files)
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return
      this.#pair = pair
    } catch (error) {
      // One of the two files was written and the other comes yet, or something is wrong with them.
      this.#log.warn({ protocol: 'tls', reason: (error as Error).message }, 'the new certificate cannot be used: the one before goes on')
      return
    }
    this.#log.info({ protocol: 'tls', certificate: this.#files.certificate }, 'new certificate')
    this.#warn()
    for (const listener of this.#listeners) listener()
  }

  #warn(): void {
    const warning = certificateWarning(this.#pair.cert, new Date())
    if (warning) this.#log.warn({ protocol: 'tls', certificate: this.#files.certificate }, warning)
  }
}

/**
 * A certificate of our own, for where none is configured: made when a client first speaks TLS, and kept, since people tell their browsers to trust it.
 */
export class SelfMadeIdentity {
  readonly #folder: string
  readonly #hosts: () => readonly string[]
  readonly #log: Log
  #pair: CertificateAndKey | undefined

  /**
   * @param folder where it is kept
   * @param hosts names and addresses of this machine
   */
  constructor(folder: string, hosts: () => readonly string[], log: Log) {
    this.#folder = folder
    this.#hosts = hosts
    this.#log = log
  }

  current(): CertificateAndKey {
    this.#pair ??= this.#kept() ?? this.#make()
    return this.#pair
  }

  onChange(): () => void {
    return () => undefined
  }

  #kept(): CertificateAndKey | undefined {
    try {
      const files = { certificate: join(this.#folder, 'self-made.crt'), key: join(this.#folder, 'self-made.key') }
      const pair = readCertificateFiles(files)
      return certificateWarning(readFileSync(files.certificate, 'utf8'), new Date(Date.now() + RENEW_BEFORE_MS)) ? undefined : pair
    } catch {
      return undefined
    }
  }

  #make(): CertificateAndKey {
    const pair = makeSelfSigned(this.#hosts(), SELF_MADE_DAYS, new Date())
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      // The key first: a certificate without its key is made anew.
      write(join(this.#folder, 'self-made.key'), pair.key)
      write(join(this.#folder, 'self-made.crt'), pair.cert)
    } catch (error) {
      this.#log.warn({ protocol: 'tls', reason: (error as Error).message }, 'the certificate that was made cannot be kept: the next start makes another one')
    }
    return pair
  }
}

const write = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
