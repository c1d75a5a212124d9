import type { Socket } from 'node:net'
import type { ConnectionGuard } from '../../net/connection-guard.ts'
import { listenTcp, type TcpListener } from '../../net/tcp-listener.ts'
import { TcpConnection, type TcpConnectionHandlers } from './tcp-connection.ts'

export type TcpPortHandlers = TcpConnectionHandlers & {
  /** Whether who connects from there may; everybody may without it. */
  admits?(address: string): boolean
}

/** The one TCP port of WebRTC peers whose networks let no UDP pass: they connect, we wait (RFC 6544, passive candidates). */
export class TcpPort {
  readonly #connections = new Set<TcpConnection>()
  #listener: TcpListener | undefined
  #handlers: TcpPortHandlers | undefined

  private constructor() {}

  /**
   * @param guard limits connections; without it all are taken
   * @throws ListenError
   */
  static async open(host: string, port: number, guard?: ConnectionGuard): Promise<TcpPort> {
    const own = new TcpPort()
    own.#listener = await listenTcp({ host, port, protocol: 'WebRTC', key: 'webrtc.icePort', guard, noDelay: true }, (socket) => own.#take(socket))
    return own
  }

  /** To be called once, before the event loop's next turn. */
  onConnections(handlers: TcpPortHandlers): void {
    this.#handlers = handlers
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  get connections(): number {
    return this.#connections.size
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.end()
    await this.#listener?.close()
  }

  #take(socket: Socket): void {
    const handlers = this.#handlers
    if (!handlers || handlers.admits?.(socket.remoteAddress ?? '') === false) {
      socket.resetAndDestroy()
      return
    }
    const closed = (connection: TcpConnection): void => {
      this.#connections.delete(connection)
      handlers.closed(connection)
    }
    this.#connections.add(new TcpConnection(socket, { ...handlers, closed }))
  }
}
