import { RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/media/protocols/rtp/rtp-packet.ts'
import { sharedClockMs, writeStamp } from './stamp.ts'

const FRAME_RATE = 30
const FRAMES_PER_GROUP = 60
const PACKETS_PER_FRAME = 7
/** 30 pictures of 7 packets with 1190 bytes are 2 Mbit/s. */
const PAYLOAD_BYTES = 1190
const SSRC = 0x6d696c6c

export const PICTURE_PAYLOAD_TYPE = 96
export const PICTURE_PACKET_BYTES = RTP_HEADER_BYTES + PAYLOAD_BYTES

/**
 * Sends 2 Mbit/s of H.264 in RTP, with pictures of equal size, each in one burst as encoders send them, or paced: its packets spread
 * over the time to the next picture, as after a narrow uplink.
 * The pictures' content is filler with the time of sending in each packet: nobody decodes it.
 * @param send takes the packets that are due together
 * @returns ends it
 */
export const sendPictures = (send: (packets: readonly Buffer[]) => void, paced: boolean): (() => void) => {
  const packetsAtOnce = paced ? 1 : PACKETS_PER_FRAME
  const startMs = sharedClockMs()
  let seq = 0
  const timer = setInterval(() => {
    const due = ((sharedClockMs() - startMs) * FRAME_RATE * PACKETS_PER_FRAME) / 1000
    while (seq < due) send(Array.from({ length: packetsAtOnce }, () => makePacket(seq++)))
  }, 1)
  return () => clearInterval(timer)
}

const makePacket = (seq: number): Buffer => {
  const frame = Math.floor(seq / PACKETS_PER_FRAME)
  const position = seq % PACKETS_PER_FRAME
  const isLast = position === PACKETS_PER_FRAME - 1
  const isKey = frame % FRAMES_PER_GROUP === 0
  const packet = Buffer.alloc(PICTURE_PACKET_BYTES, 0x55)
  writeRtpHeader(packet, 0, PICTURE_PAYLOAD_TYPE, isLast, seq, frame * (90000 / FRAME_RATE), SSRC)
  const payload = packet.subarray(RTP_HEADER_BYTES)
  // FU-A, RFC 6184 section 5.8, of an IDR slice or another one.
  payload[0] = 0x7c
  payload[1] = (position === 0 ? 0x80 : 0) | (isLast ? 0x40 : 0) | (isKey ? 5 : 1)
  writeStamp(payload, sharedClockMs())
  return packet
}
