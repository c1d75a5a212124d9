/** One RTP packet's content, without what belongs to one reader (payload type, SSRC, 16-bit sequence number). Shared: never written to. */
export type Packet = {
  /** The track's own count; it does not wrap. A gap is a packet that was lost on its way in. The low 16 bits go on the wire. */
  readonly seq: number
  /** Presentation time in ticks of the track's clock, as `Unit.pts`; it does not wrap. The low 32 bits go on the wire. */
  readonly timestamp: number
  readonly marker: boolean
  /** First packet of a unit where decoding can start. Always true for audio. */
  readonly randomAccess: boolean
  /** RTP payload in the codec's RTP format; at most `MAX_PACKET_PAYLOAD` bytes. */
  readonly payload: Uint8Array
  /** When it reached the server, in milliseconds of the server's monotonic clock. */
  readonly arrivalMs: number
  /** Of AV1 with spatial layers, as the publisher sent it: without it WebRTC receivers take each layer for a picture of its own. */
  readonly dependencyDescriptor?: Uint8Array | undefined
}

/**
 * The longest payload that is forwarded as it came, in bytes: with 12 bytes of RTP header, 16 of SRTP tag, room for header
 * extensions, and UDP over IPv6 it stays below an Ethernet frame. Longer ones are packetized anew.
 */
export const MAX_PACKET_PAYLOAD = 1400

/** What our own packetizers fill, in bytes: fits paths with tunnels in them, as WebRTC stacks assume. */
export const PACKETIZER_PAYLOAD = 1200
