import type { Config } from '../config/schema.ts'
import type { Log } from '../log/log.ts'
import { ListenError } from '../net/listen-error.ts'
import { CertificateError } from '../tls/certificate-files.ts'
import type { Listener, Parts, Ports, Started } from './listener.ts'

type Entry = {
  /** JSON of what it was started with. */
  readonly settings: string
  readonly config: Config
  readonly started: Started
}

/** All listeners, started and restarted as the configuration wants it. */
export class Listeners {
  readonly #all: readonly Listener[]
  readonly #parts: Parts
  readonly #log: Log
  readonly #running = new Map<Listener, Entry>()

  /** @param all in the order in which they are started */
  constructor(all: readonly Listener[], parts: Parts, log: Log) {
    this.#all = all
    this.#parts = parts
    this.#log = log
  }

  /** @throws ListenError; `close` closes those that were started before */
  async start(config: Config): Promise<void> {
    for (const listener of this.#changed(config)) this.#keep(listener, config, await listener.start(this.#parts, config))
  }

  /** Those that a configuration would start, restart or stop. */
  plan(config: Config): Listener[] {
    return this.#changed(config)
  }

  /**
   * Restarts what changed. What cannot be started as it is written goes on as it was.
   * @returns what could not be done, for people
   */
  async apply(config: Config): Promise<string[]> {
    const faults: string[] = []
    for (const listener of this.#changed(config)) {
      const fault = await this.#restart(listener, config)
      if (fault) faults.push(fault)
    }
    return faults
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ started }) => started.close()))
    this.#running.clear()
  }

  #changed(config: Config): Listener[] {
    return this.#all.filter((listener) => settingsOf(listener, config) !== this.#running.get(listener)?.settings)
  }

  async #restart(listener: Listener, config: Config): Promise<string | undefined> {
    const old = this.#running.get(listener)
    if (settingsOf(listener, config) === undefined) {
      if (old) await this.#stop(listener, old)
      this.#log.info({ listener: listener.name }, 'off now')
      return undefined
    }
    try {
      // The new one first: where its ports are others, it is known whether it can be before the old one is closed.
      const started = await listener.start(this.#parts, config)
      if (old) await this.#stop(listener, old)
      this.#keep(listener, config, started)
    } catch (error) {
      if (!(error instanceof ListenError || error instanceof CertificateError)) throw error
      if (!old) return error.message
      if (error instanceof CertificateError || !Object.values(old.started.ports).includes(error.port))
        return `${error.message}; ${listener.name} goes on as it was`
      return this.#replace(listener, config, old)
    }
    this.#log.info({ listener: listener.name, ...this.#running.get(listener)?.started.ports }, 'started anew')
    return undefined
  }

  /** On the same port the old one has to be closed first. */
  async #replace(listener: Listener, config: Config, old: Entry): Promise<string | undefined> {
    await this.#stop(listener, old)
    try {
      this.#keep(listener, config, await listener.start(this.#parts, config))
      this.#log.info({ listener: listener.name, ...this.#running.get(listener)?.started.ports }, 'started anew')
      return undefined
    } catch (error) {
      if (!(error instanceof ListenError)) throw error
      this.#keep(listener, old.config, await listener.start(this.#parts, old.config))
      return `${error.message}; ${listener.name} goes on as it was, but its sessions were dropped`
    }
  }

  #keep(listener: Listener, config: Config, started: Started): void {
    this.#running.set(listener, { settings: settingsOf(listener, config) ?? '', config, started })
    Object.assign(this.#parts.ports, started.ports)
  }

  async #stop(listener: Listener, { started }: Entry): Promise<void> {
    this.#running.delete(listener)
    for (const name of Object.keys(started.ports) as (keyof Ports)[]) delete this.#parts.ports[name]
    await started.close()
  }
}

const settingsOf = (listener: Listener, config: Config): string | undefined => {
  const settings = listener.settings(config)
  return settings && JSON.stringify(settings)
}
