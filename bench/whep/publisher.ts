import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { writeRtpHeader } from '@millrace/media/protocols/rtp/rtp-packet.ts'
import { sharedClockMs, writeStamp } from './stamp.ts'

const FRAME_RATE = 30
const FRAMES_PER_GROUP = 60
const PACKETS_PER_FRAME = 7
/** 30 pictures of 7 packets with 1190 bytes are 2 Mbit/s. */
const PAYLOAD_BYTES = 1190
const SSRC = 0x6d696c6c
const PAYLOAD_TYPE = 96

/** Parameter sets of x264, baseline, 1280x720. */
const PARAMETER_SETS = 'Z0LAH9kAUAW6EAAAAwAQAAADA8DxgySA,aMuDyyA='

/** Bytes of an interleaved frame's header, RFC 2326 section 10.12. */
const INTERLEAVED_BYTES = 4
const RTP_HEADER_BYTES = 12

/**
 * Publishes 2 Mbit/s of H.264 by RTSP over TCP, with pictures of equal size, each in one burst as encoders send them, or paced:
 * its packets spread over the time to the next picture, as after a narrow uplink.
 * The pictures' content is filler with the time of sending in each packet: nobody decodes it.
 */
export class Publisher {
  readonly #socket: Socket
  #timer: NodeJS.Timeout | undefined
  readonly #packetsAtOnce: number
  #seq = 0

  private constructor(socket: Socket, paced: boolean) {
    this.#socket = socket
    this.#packetsAtOnce = paced ? 1 : PACKETS_PER_FRAME
  }

  static async start(port: number, path: string, paced: boolean): Promise<Publisher> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    const url = `rtsp://127.0.0.1:${port}/${path}`
    const sdp = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=bench',
      't=0 0',
      `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
      `a=rtpmap:${PAYLOAD_TYPE} H264/90000`,
      `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1;sprop-parameter-sets=${PARAMETER_SETS}`,
      'a=control:trackID=0',
      '',
    ].join('\r\n')
    await request(socket, `ANNOUNCE ${url} RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`)
    const setUp = await request(socket, `SETUP ${url}/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n\r\n`)
    const session = /^Session: *([^;\r\n]+)/im.exec(setUp)?.[1]
    await request(socket, `RECORD ${url} RTSP/1.0\r\nCSeq: 3\r\nSession: ${session}\r\n\r\n`)
    socket.on('data', () => undefined)
    const publisher = new Publisher(socket, paced)
    publisher.#run()
    return publisher
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#socket.destroy()
  }

  #run(): void {
    const startMs = sharedClockMs()
    this.#timer = setInterval(() => {
      const due = ((sharedClockMs() - startMs) * FRAME_RATE * PACKETS_PER_FRAME) / 1000
      while (this.#seq < due) this.#send(this.#packetsAtOnce)
    }, 1)
  }

  #send(count: number): void {
    const size = INTERLEAVED_BYTES + RTP_HEADER_BYTES + PAYLOAD_BYTES
    const bytes = Buffer.alloc(size * count, 0x55)
    for (let i = 0; i < count; i++, this.#seq++) {
      const frame = Math.floor(this.#seq / PACKETS_PER_FRAME)
      const position = this.#seq % PACKETS_PER_FRAME
      const isLast = position === PACKETS_PER_FRAME - 1
      const isKey = frame % FRAMES_PER_GROUP === 0
      const packet = bytes.subarray(i * size, (i + 1) * size)
      packet[0] = 0x24
      packet[1] = 0
      packet.writeUInt16BE(RTP_HEADER_BYTES + PAYLOAD_BYTES, 2)
      writeRtpHeader(packet, INTERLEAVED_BYTES, PAYLOAD_TYPE, isLast, this.#seq, frame * (90000 / FRAME_RATE), SSRC)
      const payload = packet.subarray(INTERLEAVED_BYTES + RTP_HEADER_BYTES)
      // FU-A, RFC 6184 section 5.8, of an IDR slice or another one.
      payload[0] = 0x7c
      payload[1] = (position === 0 ? 0x80 : 0) | (isLast ? 0x40 : 0) | (isKey ? 5 : 1)
      writeStamp(payload, sharedClockMs())
    }
    this.#socket.write(bytes)
  }
}

const request = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  const head = answer.toString('latin1')
  if (!head.startsWith('RTSP/1.0 200')) throw new Error(`the server refuses the publisher: ${head.split('\r\n', 1)[0]}`)
  return head
}
