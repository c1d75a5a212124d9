import { hostname, networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import type { Log } from '../log/log.ts'
import { FileIdentity, SelfMadeIdentity } from './tls-identities.ts'

/** Files of a certificate in the configuration: both or neither. */
type Files = { readonly certificate?: string | undefined; readonly key?: string | undefined }

const SELF_MADE_FOLDER = 'tls'

/** The certificates of all listeners. Each pair of files is read and looked after once. */
export class Identities {
  readonly #shared: Files
  readonly #folder: string
  readonly #log: Log
  readonly #ofFiles = new Map<string, FileIdentity>()
  readonly #selfMade: SelfMadeIdentity

  /**
   * @param shared the files of listeners that have none of their own
   * @param folder what names of files are relative to
   * @param dataFolder where a certificate of our own is kept
   */
  constructor(shared: Files, folder: string, dataFolder: string, log: Log) {
    this.#shared = shared
    this.#folder = folder
    this.#log = log
    this.#selfMade = new SelfMadeIdentity(join(dataFolder, SELF_MADE_FOLDER), hostsOfThisMachine, log)
  }

  /**
   * @param own the listener's files
   * @throws CertificateError
   */
  of(own: Files): FileIdentity | SelfMadeIdentity {
    const files = own.certificate === undefined ? this.#shared : own
    if (files.certificate === undefined || files.key === undefined) return this.#selfMade
    const certificate = resolve(this.#folder, files.certificate)
    const key = resolve(this.#folder, files.key)
    const known = this.#ofFiles.get(`${certificate}\n${key}`)
    if (known) return known
    const identity = new FileIdentity({ certificate, key }, this.#log)
    this.#ofFiles.set(`${certificate}\n${key}`, identity)
    return identity
  }

  async close(): Promise<void> {
    for (const identity of this.#ofFiles.values()) identity.close()
  }
}

/** What people may write in an address to reach this machine. */
const hostsOfThisMachine = (): string[] => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const own = addresses.filter(({ address }) => !address.startsWith('fe80:')).map(({ address }) => address)
  const name = hostname()
  return [...new Set([...(/^[\w.-]+$/.test(name) ? [name] : []), 'localhost', ...own])]
}
