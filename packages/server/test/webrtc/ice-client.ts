import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FRAME_HEADER_BYTES, FrameReader, writeFrame } from '@millrace/media/protocols/ice/tcp-framing.ts'
import { encodeStun } from '@millrace/media/protocols/stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '@millrace/media/protocols/stun/stun-constants.ts'

/** A connectivity check that nominates, as a full agent sends it. */
export const makeCheck = (username: string, password: string): Uint8Array => {
  const hmacSha1 = (key: Uint8Array, message: Uint8Array): Uint8Array => createHmac('sha1', key).update(message).digest()
  const request = {
    class: STUN_CLASS.REQUEST,
    method: STUN_METHOD.BINDING,
    transactionId: randomBytes(12),
    username,
    priority: 1,
    useCandidate: true,
    iceControlling: 1n,
  }
  return encodeStun(request, { key: Buffer.from(password), hmacSha1 })
}

/** A connection that sends and takes packets in frames. */
export class FramedClient {
  readonly socket: Socket
  readonly packets: Buffer[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    const reader = new FrameReader()
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (packet) => {
        this.packets.push(Buffer.from(packet))
        return true
      }),
    )
    socket.on('error', () => undefined)
  }

  static async connect(port: number, host: string): Promise<FramedClient> {
    const socket = connect(port, host)
    await once(socket, 'connect')
    return new FramedClient(socket)
  }

  send(packet: Uint8Array): void {
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + packet.length)
    writeFrame(frame, 0, packet)
    this.socket.write(frame)
  }
}
