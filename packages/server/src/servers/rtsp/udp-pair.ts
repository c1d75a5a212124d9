import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { ListenError } from '../../net/listen-error.ts'

/** Pairs of free ports that are tried where any will do. */
const MAX_ATTEMPTS = 20
/** Bytes that the system may hold for us: a camera's key frame comes as one burst. */
const RECEIVE_BUFFER = 2 * 1024 * 1024
/** Datagrams that the system could not send at once; what is above is dropped, as a full network would. */
const MAX_SEND_QUEUE = 4 * 1024 * 1024

type Handler = (bytes: Uint8Array) => void

/** The two UDP ports through which all clients' RTP and RTCP goes. Datagrams are told apart by the address and port that they come from. */
export class UdpPair {
  readonly rtp: UdpPort
  readonly rtcp: UdpPort

  private constructor(rtp: UdpPort, rtcp: UdpPort) {
    this.rtp = rtp
    this.rtcp = rtcp
  }

  /**
   * @param rtpPort 0 for any even one, with the one after it for RTCP
   * @throws ListenError
   */
  static async open(host: string, rtpPort: number, rtcpPort: number): Promise<UdpPair> {
    if (rtpPort !== 0) return new UdpPair(...(await openBoth(host, rtpPort, rtcpPort)))
    for (let attempt = 1; ; attempt++) {
      const probe = await UdpPort.open(host, 0, 'rtsp.rtpPort')
      const even = probe.port & ~1
      await probe.close()
      try {
        return new UdpPair(...(await openBoth(host, even, even + 1)))
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.rtp.close(), this.rtcp.close()])
  }
}

const openBoth = async (host: string, rtpPort: number, rtcpPort: number): Promise<[UdpPort, UdpPort]> => {
  const rtp = await UdpPort.open(host, rtpPort, 'rtsp.rtpPort')
  try {
    return [rtp, await UdpPort.open(host, rtcpPort, 'rtsp.rtcpPort')]
  } catch (error) {
    await rtp.close()
    throw error
  }
}

/** One of the two. */
export class UdpPort {
  /** Datagrams of nobody that we know. */
  unmatched = 0
  readonly #socket: Socket
  readonly #handlers = new Map<string, Handler>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', this.#onMessage)
    // What cannot be sent is lost, as is everything that UDP loses.
    socket.on('error', () => undefined)
  }

  static async open(host: string, port: number, key: string): Promise<UdpPort> {
    const family = isIPv6(host) ? 6 : 4
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Addresses of clients are numbers: a look-up for each datagram would only cost time.
      lookup: (address, _options, done) => done(null, address, family),
    })
    try {
      // Before `bind`, which is done at once, since the look-up is.
      const listening = once(socket, 'listening')
      socket.bind({ port, address: host === 'localhost' ? '127.0.0.1' : host, exclusive: true })
      await listening
    } catch (error) {
      throw new ListenError(error as NodeJS.ErrnoException, 'RTSP', 'UDP', port, key)
    }
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER)
    } catch {
      // The system's own size will have to do.
    }
    return new UdpPort(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** @returns false if another client has told the same address and port */
  register(address: string, port: number, handler: Handler): boolean {
    const key = `${address} ${port}`
    if (this.#handlers.has(key)) return false
    this.#handlers.set(key, handler)
    return true
  }

  unregister(address: string, port: number): void {
    this.#handlers.delete(`${address} ${port}`)
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    if (this.#socket.getSendQueueSize() < MAX_SEND_QUEUE) this.#socket.send(bytes, port, address)
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  readonly #onMessage = (bytes: Buffer, from: RemoteInfo): void => {
    const handler = this.#handlers.get(`${from.address} ${from.port}`)
    if (handler) handler(bytes)
    else this.unmatched++
  }
}
