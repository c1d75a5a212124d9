import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands before a camera and counts who connects to it. */
export class CountingProxy {
  readonly port: number
  /** Connections that ever came. */
  total = 0
  readonly #open = new Set<Socket>()
  readonly #close: () => void

  private constructor(port: number, close: () => void) {
    this.port = port
    this.#close = close
  }

  /** @param target port of the camera on this machine */
  static async start(target: number): Promise<CountingProxy> {
    const server = createServer((socket) => {
      const camera = connect(target, '127.0.0.1')
      proxy.total++
      proxy.#open.add(socket)
      for (const [from, to] of [
        [socket, camera],
        [camera, socket],
      ] as const) {
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
      socket.on('close', () => proxy.#open.delete(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new CountingProxy((server.address() as AddressInfo).port, () => server.close())
    return proxy
  }

  /** Connections that are there now. */
  get open(): number {
    return this.#open.size
  }

  stop(): void {
    this.#close()
    for (const socket of this.#open) socket.destroy()
  }
}
