import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { RtmpMessage } from './message.ts'

/** Messages in one aggregate message. */
export const MAX_AGGREGATED = 1024

/**
 * The messages inside an aggregate message, RTMP 1.0 section 7.1.6: FLV tags, each with the length of the tag behind it. Their times
 * count from the first one, which has the time of the aggregate.
 * @throws ProtocolError `rtmp/aggregate`
 */
export const splitAggregate = (aggregate: RtmpMessage): RtmpMessage[] => {
  const reader = new ByteReader(aggregate.payload, 'rtmp/aggregate')
  const messages: RtmpMessage[] = []
  let offsetMs: number | undefined
  while (reader.remaining > 0) {
    if (messages.length === MAX_AGGREGATED) throw new ProtocolError('rtmp/aggregate', `an aggregate message with more than ${MAX_AGGREGATED} messages`)
    const type = reader.u8()
    const length = reader.u24()
    const timestampMs = reader.u24() | (reader.u8() << 24)
    reader.skip(3)
    offsetMs ??= aggregate.timestampMs - timestampMs
    const payload = reader.take(length)
    messages.push({ type, streamId: aggregate.streamId, timestampMs: (timestampMs + offsetMs) >>> 0, payload })
    if (reader.remaining > 0) reader.skip(4)
  }
  return messages
}
