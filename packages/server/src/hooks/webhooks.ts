import { createHmac } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { Log } from '../log/log.ts'
import type { ServerEvent } from '../net/event-bus.ts'

type Webhook = Config['hooks']['webhooks'][number]

/** Events of one URL that wait; the oldest is left out for one more. */
const MAX_WAITING = 1000
/** When an event is sent again after nobody took it. */
const RETRY_AFTER_MS = [1000, 5000] as const

/** Tells URLs what happens: in order, one request at a time for each URL. */
export class Webhooks {
  readonly #config: () => Config['hooks']
  readonly #log: Log
  readonly #queues = new Map<string, ServerEvent[]>()
  readonly #closing = new AbortController()

  constructor(config: () => Config['hooks'], log: Log) {
    this.#config = config
    this.#log = log
  }

  send(event: ServerEvent): void {
    for (const webhook of this.#config().webhooks) if (webhook.events.includes(event.type)) this.#enqueue(webhook, event)
  }

  /** What waits is not sent any more. */
  close(): void {
    this.#queues.clear()
    this.#closing.abort()
  }

  #enqueue(webhook: Webhook, event: ServerEvent): void {
    const queue = this.#queues.get(webhook.url)
    if (!queue) {
      this.#queues.set(webhook.url, [event])
      void this.#work(webhook)
      return
    }
    queue.push(event)
    if (queue.length <= MAX_WAITING) return
    queue.splice(1, 1)
    this.#log.warn({ webhook: webhook.url }, `more than ${MAX_WAITING} events wait for the webhook: the oldest is left out`)
  }

  async #work(webhook: Webhook): Promise<void> {
    const queue = this.#queues.get(webhook.url) ?? []
    for (let event = queue[0]; event && !this.#closing.signal.aborted; event = queue[0]) {
      await this.#deliver(webhook, event)
      queue.shift()
    }
    if (this.#queues.get(webhook.url) === queue) this.#queues.delete(webhook.url)
  }

  async #deliver(webhook: Webhook, event: ServerEvent): Promise<void> {
    for (const pauseMs of [...RETRY_AFTER_MS, undefined]) {
      const failure = await this.#post(webhook, event)
      if (failure === undefined || this.#closing.signal.aborted) return
      if (pauseMs === undefined) this.#log.warn({ webhook: webhook.url, event: event.type, reason: failure }, 'the webhook did not take an event')
      else await this.#pause(pauseMs)
    }
  }

  /** @returns why it failed */
  async #post({ url, secret }: Webhook, event: ServerEvent): Promise<string | undefined> {
    const body = JSON.stringify(event)
    const signature = secret === undefined ? {} : { 'x-millrace-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signature },
        body,
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(this.#config().webhookTimeout), this.#closing.signal]),
      })
      await response.body?.cancel()
      return response.ok ? undefined : `HTTP ${response.status}`
    } catch (error) {
      const { cause } = error as Error
      return cause instanceof Error ? cause.message : (error as Error).message
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#closing.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#closing.signal.addEventListener('abort', done)
    })
  }
}
