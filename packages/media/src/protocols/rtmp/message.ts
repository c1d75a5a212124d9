/** A message of the RTMP message layer, put together from its chunks. */
export type RtmpMessage = {
  /** One of `MESSAGE_TYPE`, or one that we do not know. */
  readonly type: number
  readonly streamId: number
  /** Milliseconds, 32 bits: wraps after 49.7 days. */
  readonly timestampMs: number
  readonly payload: Uint8Array
}

/** Message type IDs, Adobe's RTMP specification 1.0 sections 5.4 and 7.1. */
export const MESSAGE_TYPE = {
  SET_CHUNK_SIZE: 1,
  ABORT: 2,
  ACKNOWLEDGEMENT: 3,
  USER_CONTROL: 4,
  WINDOW_ACKNOWLEDGEMENT_SIZE: 5,
  SET_PEER_BANDWIDTH: 6,
  AUDIO: 8,
  VIDEO: 9,
  DATA_AMF3: 15,
  COMMAND_AMF3: 17,
  DATA_AMF0: 18,
  COMMAND_AMF0: 20,
  AGGREGATE: 22,
} as const

/** The chunk streams we send on: media kinds apart, so that a long picture does not hold up what is beside it. */
export const CHUNK_STREAM = { CONTROL: 2, COMMAND: 3, AUDIO: 4, DATA: 5, VIDEO: 6 } as const

/** The message stream that every client gets by createStream. One per connection, so that what players get is the same for all. */
export const MEDIA_STREAM_ID = 1

/** Longest message that a peer may send, in bytes. A key frame of 4K video stays below. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/** Payload of the chunks we send, in bytes. ffmpeg, librtmp and VLC take it; most messages fit into one chunk. */
export const OUT_CHUNK_SIZE = 65536

/** Chunk size until a Set Chunk Size, section 5.4.1. */
export const DEFAULT_CHUNK_SIZE = 128
