import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** A UDP relay to a server, as an address translator is: for one client, and with an outer port that can change in the middle. */
export class RebindingProxy {
  readonly port: number
  readonly #near: Socket
  readonly #serverPort: number
  #far: Socket
  #client: { address: string; port: number } | undefined

  private constructor(near: Socket, far: Socket, serverPort: number) {
    this.#near = near
    this.#serverPort = serverPort
    this.port = near.address().port
    this.#far = this.#watch(far)
    near.on('message', (datagram, from) => {
      this.#client = from
      this.#far.send(datagram, this.#serverPort, '127.0.0.1')
    })
  }

  static async start(serverPort: number): Promise<RebindingProxy> {
    return new RebindingProxy(await bind(), await bind(), serverPort)
  }

  /** The port that the server sees. */
  get outerPort(): number {
    return this.#far.address().port
  }

  /** Another outer port: what the server sends to the old one is lost. */
  async rebind(): Promise<void> {
    const old = this.#far
    this.#far = this.#watch(await bind())
    old.close()
  }

  close(): void {
    this.#near.close()
    this.#far.close()
  }

  #watch(far: Socket): Socket {
    return far.on('message', (datagram) => {
      if (this.#client) this.#near.send(datagram, this.#client.port, this.#client.address)
    })
  }
}

const bind = async (): Promise<Socket> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.setRecvBufferSize(4 * 1024 * 1024)
  return socket
}
