import { ProtocolError } from '../bytes/protocol-error.ts'

/** Frame sizes by the two low bits of a configuration, in 48 kHz ticks: RFC 6716 table 2. */
const SILK_TICKS = [480, 960, 1920, 2880]
const HYBRID_TICKS = [480, 960]
const CELT_TICKS = [120, 240, 480, 960]

/** 120 ms, RFC 6716 section 3.2.5 [R5]. */
const MAX_PACKET_TICKS = 5760

const frameTicks = (config: number): number => {
  if (config < 12) return SILK_TICKS[config & 3] as number
  if (config < 16) return HYBRID_TICKS[config & 1] as number
  return CELT_TICKS[config & 3] as number
}

/**
 * How long an Opus packet sounds, in 48 kHz ticks: 120 to 5760. RFC 6716 section 3.1.
 * @throws ProtocolError `opus/packet`
 */
export const opusDuration = (packet: Uint8Array): number => {
  const toc = packet[0]
  if (toc === undefined) throw new ProtocolError('opus/packet', 'an Opus packet has at least one byte')
  const code = toc & 3
  const count = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f
  const ticks = count * frameTicks(toc >> 3)
  if (ticks === 0 || ticks > MAX_PACKET_TICKS)
    throw new ProtocolError('opus/packet', `${count} frames of ${frameTicks(toc >> 3)} ticks: allowed are 1 to 120 ms`)
  return ticks
}
