import { until } from './child.ts'

/** Commands that wait for their answer: more at once is a fault of the test. */
const MAX_PENDING = 100
const COMMAND_TIMEOUT_MS = 30_000

type Pending = { resolve(result: unknown): void; reject(error: Error): void }
type Message = { id?: number | null; type: string; result?: unknown; error?: string; message?: string }

/** WebDriver BiDi (W3C): commands and their answers as JSON over a WebSocket. */
export class BidiClient {
  readonly #socket: WebSocket
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message))
    socket.addEventListener('close', () => this.#rejectAll(new Error('the browser closed the connection')))
  }

  /** Connects and begins a session. */
  static async connect(url: string): Promise<BidiClient> {
    const socket = new WebSocket(`${url}/session`)
    await until('the browser takes the connection', 10_000, () => {
      if (socket.readyState === WebSocket.CLOSED) throw new Error(`${url} refuses the connection`)
      return socket.readyState === WebSocket.OPEN
    })
    const client = new BidiClient(socket)
    await client.send('session.new', { capabilities: {} })
    return client
  }

  /** @throws Error with what the browser says against it */
  async send<T = unknown>(method: string, params: Readonly<Record<string, unknown>>): Promise<T> {
    if (this.#pending.size >= MAX_PENDING) throw new Error(`${MAX_PENDING} commands wait for an answer`)
    const id = ++this.#lastId
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }))
    const timer = setTimeout(() => this.#pending.get(id)?.reject(new Error(`${method}: no answer within ${COMMAND_TIMEOUT_MS} ms`)), COMMAND_TIMEOUT_MS)
    try {
      this.#socket.send(JSON.stringify({ id, method, params }))
      return (await answer) as T
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  close(): void {
    this.#socket.close()
  }

  #receive({ id, type, result, error, message }: Message): void {
    const pending = id === undefined || id === null ? undefined : this.#pending.get(id)
    if (type === 'success') pending?.resolve(result)
    else if (type === 'error') pending?.reject(new Error(`${error}: ${message}`))
  }

  #rejectAll(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error)
  }
}
