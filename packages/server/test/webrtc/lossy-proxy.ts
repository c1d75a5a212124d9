import { createSocket, type Socket } from 'node:dgram'
import { until } from '../until.ts'

/**
 * A UDP relay to a server that loses packets of media, and does mischief on the way to the server: each packet of RTP and RTCP
 * comes twice, and once forged. For one client.
 */
export class LossyProxy {
  readonly port: number
  lost = 0
  readonly #near: Socket
  readonly #far: Socket

  private constructor(near: Socket, far: Socket, serverPort: number, loss: number, lossToServer: number) {
    this.#near = near
    this.#far = far
    this.port = near.address().port
    let client: { address: string; port: number } | undefined
    // A fixed sequence of numbers, so that each run loses alike.
    let random = 1
    const isLost = (datagram: Buffer, share: number): boolean => {
      random = (random * 48271) % 0x7fffffff
      if ((datagram[0] ?? 0) < 128 || random / 0x7fffffff >= share) return false
      this.lost++
      return true
    }
    near.on('message', (datagram, from) => {
      client = from
      if (isLost(datagram, lossToServer)) return
      far.send(datagram, serverPort, '127.0.0.1')
      if ((datagram[0] ?? 0) < 128) return
      const forged = Buffer.from(datagram)
      forged.writeUInt8(forged.readUInt8(10) ^ 1, 10)
      // The count of the packet is made newer, or it would be a replay before it is a forgery.
      // It lies before the tag of counter mode, and behind that of GCM.
      for (const fromEnd of [14, 4]) forged.writeUInt8(0xbf, forged.length - fromEnd)
      for (const copy of [datagram, forged]) far.send(copy, serverPort, '127.0.0.1')
    })
    far.on('message', (datagram) => {
      if (client && !isLost(datagram, loss)) near.send(datagram, client.port, client.address)
    })
  }

  /**
   * @param loss on the way to the client, from 0 to 1
   * @param lossToServer on the way to the server
   */
  static async start(serverPort: number, loss: number, lossToServer = 0): Promise<LossyProxy> {
    const bound = [createSocket('udp4'), createSocket('udp4')] as const
    let ready = 0
    for (const socket of bound) {
      socket.bind(0, '127.0.0.1', () => {
        socket.setRecvBufferSize(4 * 1024 * 1024)
        ready++
      })
    }
    await until('the proxy is bound', () => ready === 2)
    return new LossyProxy(...bound, serverPort, loss, lossToServer)
  }

  async close(): Promise<void> {
    await Promise.all([this.#near, this.#far].map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
  }
}
