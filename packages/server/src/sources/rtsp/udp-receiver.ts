import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Pair } from '@millrace/media/protocols/rtsp/transport.ts'

const MAX_ATTEMPTS = 20
/** Bytes that the system may hold for us: a camera's key frame comes as one burst. */
const RECEIVE_BUFFER = 2 * 1024 * 1024
/** An RTP packet without payload, RFC 3550 section 5.1: version 2, all else zero. */
const PROBE = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

/** The two UDP ports of one track that we receive. Takes datagrams from the server's address alone. */
export class UdpReceiver {
  readonly ports: Pair
  readonly #rtp: Socket
  readonly #rtcp: Socket
  readonly #address: string
  #serverPort: Pair | undefined

  private constructor(address: string, rtp: Socket, rtcp: Socket, onPacket: (isRtcp: boolean, bytes: Uint8Array) => void) {
    this.#address = address
    this.#rtp = rtp
    this.#rtcp = rtcp
    this.ports = [rtp.address().port, rtcp.address().port]
    const receive = (socket: Socket, isRtcp: boolean): void => {
      socket.on('message', (bytes, from) => {
        if (from.address === address) onPacket(isRtcp, bytes)
      })
      socket.on('error', () => undefined)
    }
    receive(rtp, false)
    receive(rtcp, true)
  }

  /** @param address the server's, as the RTSP connection has it */
  static async open(address: string, onPacket: (isRtcp: boolean, bytes: Uint8Array) => void): Promise<UdpReceiver> {
    for (let attempt = 1; ; attempt++) {
      const rtp = await bind(address, 0)
      const { port } = rtp.address()
      try {
        // RFC 3550 section 11: RTP on an even port, RTCP on the next.
        if (port % 2 === 0) return new UdpReceiver(address, rtp, await bind(address, port + 1), onPacket)
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS) throw error
      }
      rtp.close()
      if (attempt >= MAX_ATTEMPTS * 2) throw new Error('no free pair of UDP ports')
    }
  }

  /** Sends a first packet each way, so that an address translation in between lets the server's come in. */
  connect(serverPort: Pair): void {
    // There is nobody at port 0: a camera that names it does not say where it sends from.
    if (serverPort.includes(0)) return
    this.#serverPort = serverPort
    this.#rtp.send(PROBE, serverPort[0], this.#address)
    this.#rtcp.send(PROBE, serverPort[1], this.#address)
  }

  sendRtcp(bytes: Uint8Array): void {
    if (this.#serverPort) this.#rtcp.send(bytes, this.#serverPort[1], this.#address)
  }

  close(): void {
    this.#rtp.close()
    this.#rtcp.close()
  }
}

const bind = async (address: string, port: number): Promise<Socket> => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const listening = once(socket, 'listening')
  socket.bind({ port, exclusive: true })
  await listening
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The system's own size will have to do.
  }
  return socket
}
