import type { RtspSink } from '@millrace/media/bridges/rtsp/rtsp-reader.ts'
import type { Track } from '@millrace/media/hub/track.ts'
import { encodeInterleaved } from '@millrace/media/protocols/rtsp/interleaved.ts'
import type { Pair } from '@millrace/media/protocols/rtsp/transport.ts'
import type { TcpWriter } from '../../net/tcp-writer.ts'

/** A reader that gets its packets within the RTSP connection. */
export class TcpSink implements RtspSink {
  readonly #writer: TcpWriter
  readonly #channels: ReadonlyMap<number, Pair>

  /** @param channels by track index */
  constructor(writer: TcpWriter, channels: ReadonlyMap<number, Pair>) {
    this.#writer = writer
    this.#channels = channels
  }

  sendRtp(track: Track, frame: Uint8Array, rtp: Uint8Array, isStart: boolean): void {
    const channel = this.#channels.get(track.index)?.[0]
    if (channel === frame[1]) this.#writer.write(frame, isStart)
    else if (channel !== undefined) this.#writer.write(encodeInterleaved(channel, rtp), isStart)
  }

  sendRtcp(track: Track, rtcp: Uint8Array): void {
    const channel = this.#channels.get(track.index)?.[1]
    if (channel !== undefined) this.#writer.writeEssential(encodeInterleaved(channel, rtcp))
  }
}
