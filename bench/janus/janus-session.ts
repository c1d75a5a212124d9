/** The mountpoint that viewers watch. */
export const MOUNTPOINT = 1

type Message = {
  readonly janus: string
  readonly transaction?: string
  readonly sender?: number
  readonly data?: { readonly id: number }
  readonly error?: { readonly reason: string }
  readonly jsep?: { readonly type: string; readonly sdp: string }
}

/** What Janus offers one viewer. */
export type JanusOffer = {
  readonly sdp: string
  answer(sdp: string): Promise<void>
  leave(): Promise<void>
}

/** A session of Janus's HTTP interface, with a handle of the streaming plugin for each viewer. */
export class JanusSession {
  readonly #url: string
  readonly #session: string
  /** Those who wait for their offer, by handle. */
  readonly #waiting = new Map<number, (sdp: string) => void>()
  readonly #closing = new AbortController()

  private constructor(url: string, id: number | undefined) {
    this.#url = url
    this.#session = `/${id}`
  }

  /** @param url `http://host:port/janus` */
  static async open(url: string): Promise<JanusSession> {
    const session = new JanusSession(url, (await post(url, { janus: 'create' })).data?.id)
    session.#poll().catch((error: unknown) => {
      if (session.#closing.signal.aborted) return
      console.error(error)
      process.exit(1)
    })
    return session
  }

  /** Asks for the stream. */
  async watch(): Promise<JanusOffer> {
    const id = (await this.#post('', { janus: 'attach', plugin: 'janus.plugin.streaming' })).data?.id ?? 0
    const handle = `/${id}`
    const offered = new Promise<string>((resolve) => this.#waiting.set(id, resolve))
    await this.#post(handle, { janus: 'message', body: { request: 'watch', id: MOUNTPOINT } })
    const sdp = await offered
    this.#waiting.delete(id)
    return {
      sdp,
      answer: async (answer) => {
        await this.#post(handle, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp: answer } })
      },
      leave: async () => {
        await this.#post(handle, { janus: 'detach' })
      },
    }
  }

  close(): void {
    this.#closing.abort()
  }

  #post(path: string, body: object): Promise<Message> {
    return post(`${this.#url}${this.#session}${path}`, body)
  }

  async #poll(): Promise<never> {
    for (;;) {
      const response = await fetch(`${this.#url}${this.#session}?maxev=50`, { signal: this.#closing.signal })
      const events = (await response.json()) as Message | Message[]
      for (const { sender, jsep } of Array.isArray(events) ? events : [events]) {
        if (sender !== undefined && jsep?.type === 'offer') this.#waiting.get(sender)?.(jsep.sdp)
      }
    }
  }
}

const post = async (url: string, body: object): Promise<Message> => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ transaction: 'bench', ...body }) })
  const answer = (await response.json()) as Message
  if (answer.janus === 'error') throw new Error(`Janus refuses: ${answer.error?.reason}`)
  return answer
}
