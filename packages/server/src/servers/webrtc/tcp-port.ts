import { createServer, type Server } from 'node:net'
import { ListenError } from '../../net/listen-error.ts'
import { TcpConnection, type TcpConnectionHandlers } from './tcp-connection.ts'

/** Connections of all peers. */
const MAX_CONNECTIONS = 4096
/** Of one address: a lecture hall sits behind one. */
const MAX_CONNECTIONS_PER_ADDRESS = 512

export type TcpPortHandlers = TcpConnectionHandlers & {
  /** Whether who connects from there may; everybody may without it. */
  admits?(address: string): boolean
}

export type TcpPortLimits = { readonly maxConnections?: number; readonly maxPerAddress?: number }

/** The one TCP port of WebRTC peers whose networks let no UDP pass: they connect, we wait (RFC 6544, passive candidates). */
export class TcpPort {
  readonly #server: Server
  readonly #limits: TcpPortLimits
  readonly #connections = new Set<TcpConnection>()
  readonly #perAddress = new Map<string, number>()

  private constructor(server: Server, limits: TcpPortLimits) {
    this.#server = server
    this.#limits = limits
  }

  /** @throws ListenError */
  static async open(host: string, port: number, limits: TcpPortLimits = {}): Promise<TcpPort> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ListenError(error, 'WebRTC', 'TCP', port, 'webrtc.icePort')))
      server.listen(port, host, resolve)
    })
    server.removeAllListeners('error')
    // A connection that could not be accepted (no descriptors left) is lost; the port goes on.
    server.on('error', () => undefined)
    return new TcpPort(server, limits)
  }

  /** To be called once, before the event loop's next turn. */
  onConnections(handlers: TcpPortHandlers): void {
    this.#server.on('connection', (socket) => {
      const address = socket.remoteAddress ?? ''
      if (!this.#hasRoom(address) || handlers.admits?.(address) === false) {
        socket.resetAndDestroy()
        return
      }
      const closed = (connection: TcpConnection): void => {
        this.#connections.delete(connection)
        this.#count(address, -1)
        handlers.closed(connection)
      }
      this.#connections.add(new TcpConnection(socket, { ...handlers, closed }))
      this.#count(address, 1)
    })
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  get connections(): number {
    return this.#connections.size
  }

  close(): Promise<void> {
    for (const connection of this.#connections) connection.end()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #hasRoom(address: string): boolean {
    const { maxConnections = MAX_CONNECTIONS, maxPerAddress = MAX_CONNECTIONS_PER_ADDRESS } = this.#limits
    return this.#connections.size < maxConnections && (this.#perAddress.get(address) ?? 0) < maxPerAddress
  }

  #count(address: string, change: number): void {
    const count = (this.#perAddress.get(address) ?? 0) + change
    if (count > 0) this.#perAddress.set(address, count)
    else this.#perAddress.delete(address)
  }
}
