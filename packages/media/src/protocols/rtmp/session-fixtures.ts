import type { AmfValue } from '../../containers/flv/amf0.ts'
import { encodeAmf0 } from '../../containers/flv/amf0.ts'
import { ChunkReader } from './chunk-reader.ts'
import { encodeMessage } from './chunk-writer.ts'
import { HANDSHAKE_BYTES } from './handshake.ts'
import { DEFAULT_CHUNK_SIZE, MESSAGE_TYPE, type RtmpMessage } from './message.ts'
import type { RtmpEvent, RtmpServerSession } from './server-session.ts'

/** For tests: C0, C1 and C2. */
export const clientHandshake = (): Uint8Array => {
  const bytes = new Uint8Array(1 + 2 * HANDSHAKE_BYTES).fill(7)
  bytes[0] = 3
  return bytes
}

export const clientMessage = (message: RtmpMessage): Uint8Array => encodeMessage(4, message, DEFAULT_CHUNK_SIZE)

export const clientCommand = (...values: readonly AmfValue[]): Uint8Array =>
  clientMessage({ type: MESSAGE_TYPE.COMMAND_AMF0, streamId: 0, timestampMs: 0, payload: encodeAmf0(...values) })

/** What a session gave: events, the time it wants to be called at, and the messages it sent after its handshake. */
export type Drained = {
  readonly events: RtmpEvent[]
  readonly sent: RtmpMessage[]
  readonly handshake: Uint8Array | undefined
  readonly wakeAtMs: number | undefined
}

/** Reads a session's output as its peer. */
export class SessionPeer {
  readonly #session: RtmpServerSession
  readonly #reader = new ChunkReader()
  #shookHands = false

  constructor(session: RtmpServerSession) {
    this.#session = session
  }

  drain(): Drained {
    const events: RtmpEvent[] = []
    const sent: RtmpMessage[] = []
    let handshake: Uint8Array | undefined
    let wakeAtMs: number | undefined
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.type === 'event') events.push(output.event)
      else if (output.type === 'wakeAt') wakeAtMs = output.atMs
      else if (this.#shookHands) sent.push(...this.#reader.push(output.bytes))
      else {
        handshake = output.bytes
        this.#shookHands = true
      }
    }
    return { events, sent, handshake, wakeAtMs }
  }
}
