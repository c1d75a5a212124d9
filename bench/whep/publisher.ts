import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { PICTURE_PACKET_BYTES, PICTURE_PAYLOAD_TYPE, sendPictures } from './pictures.ts'

/** Parameter sets of x264, baseline, 1280x720. */
const PARAMETER_SETS = 'Z0LAH9kAUAW6EAAAAwAQAAADA8DxgySA,aMuDyyA='

/** An interleaved frame's header for the first channel, RFC 2326 section 10.12. */
const INTERLEAVED = Buffer.from([0x24, 0, PICTURE_PACKET_BYTES >> 8, PICTURE_PACKET_BYTES & 0xff])

/**
 * Publishes the pictures by RTSP over TCP.
 * @returns ends it
 */
export const publishByRtsp = async (port: number, path: string, paced: boolean): Promise<() => void> => {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  const url = `rtsp://127.0.0.1:${port}/${path}`
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=bench',
    't=0 0',
    `m=video 0 RTP/AVP ${PICTURE_PAYLOAD_TYPE}`,
    `a=rtpmap:${PICTURE_PAYLOAD_TYPE} H264/90000`,
    `a=fmtp:${PICTURE_PAYLOAD_TYPE} packetization-mode=1;sprop-parameter-sets=${PARAMETER_SETS}`,
    'a=control:trackID=0',
    '',
  ].join('\r\n')
  await request(socket, `ANNOUNCE ${url} RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`)
  const setUp = await request(socket, `SETUP ${url}/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n\r\n`)
  const session = /^Session: *([^;\r\n]+)/im.exec(setUp)?.[1]
  await request(socket, `RECORD ${url} RTSP/1.0\r\nCSeq: 3\r\nSession: ${session}\r\n\r\n`)
  socket.on('data', () => undefined)
  const stop = sendPictures((packets) => socket.write(Buffer.concat(packets.flatMap((packet) => [INTERLEAVED, packet]))), paced)
  return () => {
    stop()
    socket.destroy()
  }
}

const request = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  const head = answer.toString('latin1')
  if (!head.startsWith('RTSP/1.0 200')) throw new Error(`the server refuses the publisher: ${head.split('\r\n', 1)[0]}`)
  return head
}
