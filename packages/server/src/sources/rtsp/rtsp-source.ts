import { parseRtspUrl, type RtspUrl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import { redactUrl } from '../../log/redact-url.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { Backoff } from './backoff.ts'
import { type PullEnd, RtspPull } from './rtsp-pull.ts'

export type RtspSourceSettings = {
  readonly path: string
  /** `rtsp://[user:password@]host[:port]/…` */
  readonly url: string
  /** 'auto': UDP, and TCP where the server refuses UDP or nothing comes through. */
  readonly transport: 'auto' | 'tcp' | 'udp'
}

/** With 'auto', UDP without a packet for so long is given up for TCP. */
const UDP_TRIAL_MS = 3000
const FIRST_PACKET_MS = 10_000

/** What makes 'auto' try the other transport. */
const TRANSPORT_FAULTS: readonly (string | undefined)[] = ['rtsp/unsupported-transport', 'rtsp/no-packets']

/**
 * Plays a path from an RTSP server, and comes back to it whenever it was lost.
 * @throws ProtocolError `rtsp/bad-url`
 */
export const startRtspSource = (context: ServerContext, settings: RtspSourceSettings): Running => new RtspSource(context, settings)

class RtspSource implements Running {
  readonly #context: ServerContext
  readonly #settings: RtspSourceSettings
  readonly #address: RtspUrl
  readonly #label: string
  readonly #backoff = new Backoff()
  #transport: 'tcp' | 'udp'
  #pull: RtspPull | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(context: ServerContext, settings: RtspSourceSettings) {
    this.#context = context
    this.#settings = settings
    this.#address = parseRtspUrl(settings.url)
    this.#label = redactUrl(this.#address.url)
    this.#transport = settings.transport === 'tcp' ? 'tcp' : 'udp'
    this.#attempt()
  }

  async close(): Promise<void> {
    this.#stop('it is not pulled any more')
  }

  #stop(message: string): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#pull?.close(message)
  }

  #attempt(): void {
    const { path, transport } = this.#settings
    const isTrial = transport === 'auto' && this.#transport === 'udp'
    this.#pull = new RtspPull(
      this.#context,
      { path, address: this.#address, label: this.#label, transport: this.#transport, firstPacketMs: isTrial ? UDP_TRIAL_MS : FIRST_PACKET_MS },
      (end) => this.#onEnd(end),
      (message) => this.#stop(message),
    )
  }

  #onEnd(end: PullEnd): void {
    const fields = { path: this.#settings.path, protocol: 'rtsp', client: this.#label, code: end.code }
    if (this.#isStopped) {
      this.#context.log.info(fields, `source left: ${end.message}`)
      return
    }
    if (end.hasPlayed) this.#backoff.reset()
    if (this.#settings.transport === 'auto' && !end.hasPlayed && TRANSPORT_FAULTS.includes(end.code)) {
      const before = this.#transport
      this.#transport = before === 'udp' ? 'tcp' : 'udp'
      this.#context.log.info(fields, `${before.toUpperCase()} does not work (${end.message}): trying ${this.#transport.toUpperCase()}`)
      this.#attemptIn(before === 'udp' ? 0 : this.#backoff.next(Math.random()))
      return
    }
    const delayMs = this.#backoff.next(Math.random())
    const what = end.hasPlayed ? 'source lost' : 'source does not play'
    this.#context.log.warn(fields, `${what}: ${end.message}; trying again in ${(delayMs / 1000).toFixed(1)} s`)
    this.#context.events.publish({ type: 'error', path: fields.path, protocol: 'rtsp', remote: this.#label, reason: `${what}: ${end.message}` })
    this.#attemptIn(delayMs)
  }

  #attemptIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#attempt(), delayMs)
  }
}
