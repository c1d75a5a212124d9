import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type Codec, isCompatible } from '../../codecs/codec.ts'
import { type AudioTag, decodeAudioTag } from '../../containers/flv/audio-tag.ts'
import { decodeVideoTag, type VideoTag } from '../../containers/flv/video-tag.ts'
import type { Hub, Publication, Publisher } from '../../hub/hub.ts'
import type { Unit } from '../../hub/unit.ts'
import { decodeValues } from '../../protocols/rtmp/command.ts'
import { MESSAGE_TYPE, type RtmpMessage } from '../../protocols/rtmp/message.ts'
import { AudioInput } from './audio-input.ts'
import { type AnnouncedTracks, announcedTracks } from './metadata.ts'
import { PublisherTimeline } from './publisher-timeline.ts'
import { VideoInput } from './video-input.ts'

/** How long the headers of all tracks are waited for after the first media message, in milliseconds. */
export const TRACKS_TIMEOUT_MS = 2000
/** What is kept while waiting. Past it, what is known is published. */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024
export const MAX_WAITING_MESSAGES = 4096

export type IngestOptions = {
  readonly hub: Hub
  readonly path: string
  readonly publisher: Publisher
  /** Something of the publisher's is not taken: a sentence for people, once for each thing. */
  warn(message: string): void
  /** The tracks are known and the path is taken; again whenever the stream begins anew. */
  onPublish(codecs: readonly Codec[]): void
}

type Waiting = { readonly nowMs: number; readonly message: RtmpMessage }

/** Publishes the messages of one RTMP publisher: finds out which tracks there are, then feeds their units. */
export class RtmpIngest {
  readonly #options: IngestOptions
  readonly #video = new VideoInput()
  readonly #audio = new AudioInput()
  readonly #unknownCodecs = new Set<string>()
  #announced: AnnouncedTracks | undefined
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #deadlineMs: number | undefined
  #publication: Publication | undefined
  #timeline: PublisherTimeline | undefined

  constructor(options: IngestOptions) {
    this.#options = options
  }

  /** When `handleTimeout` is to be called; undefined while nothing is waited for. */
  get deadlineMs(): number | undefined {
    return this.#publication ? undefined : this.#deadlineMs
  }

  /**
   * @param message audio, video or data; its payload is kept
   * @throws ProtocolError when the publisher is to be closed: `path/busy`, `rtmp/no-known-codec`, `h264/…`, `aac/…`, `flv/…`
   */
  push(nowMs: number, message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.VIDEO:
        this.#onVideo(nowMs, message, decodeVideoTag(message.payload))
        break
      case MESSAGE_TYPE.AUDIO:
        this.#onAudio(nowMs, message, decodeAudioTag(message.payload))
        break
      case MESSAGE_TYPE.DATA_AMF0:
      case MESSAGE_TYPE.DATA_AMF3:
        this.#onData(message)
        return
      default:
        return
    }
    if (this.#publication) return
    this.#deadlineMs ??= nowMs + TRACKS_TIMEOUT_MS
    const isFull = this.#waitingBytes > MAX_WAITING_BYTES || this.#waiting.length >= MAX_WAITING_MESSAGES
    if (this.#hasAllTracks() || isFull || nowMs >= this.#deadlineMs) this.#publish(nowMs)
  }

  /**
   * To be called at `deadlineMs`.
   * @throws ProtocolError as `push`
   */
  handleTimeout(nowMs: number): void {
    if (this.deadlineMs !== undefined && nowMs >= this.deadlineMs) this.#publish(nowMs)
  }

  /** @param reason why, for people */
  close(nowMs: number, reason: string): void {
    this.#publication?.close(nowMs, reason)
    this.#publication = undefined
    this.#waiting = []
  }

  #onVideo(nowMs: number, message: RtmpMessage, tag: VideoTag): void {
    if (tag.type === 'unknown') this.#onUnknownCodec(tag.codec)
    else if (tag.type === 'avc-config') {
      this.#video.setConfig(tag.config)
      this.#updateCodec(nowMs, 'video', this.#video.codec)
    } else if (tag.type === 'avc-picture') {
      if (!this.#publication) {
        this.#wait(nowMs, message)
        return
      }
      const timeMs = this.#timeMs(this.#publication, nowMs, message)
      const unit = this.#video.unit(tag, timeMs, nowMs)
      this.#updateCodec(nowMs, 'video', this.#video.codec)
      this.#write('video', unit)
    }
  }

  #onAudio(nowMs: number, message: RtmpMessage, tag: AudioTag): void {
    if (tag.type === 'unknown') this.#onUnknownCodec(tag.codec)
    else if (tag.type === 'aac-config') {
      this.#audio.setAacConfig(tag.config)
      this.#updateCodec(nowMs, 'audio', this.#audio.codec)
    } else if (tag.type === 'aac-frame' || tag.type === 'g711') {
      if (tag.type === 'g711') {
        this.#audio.setG711(tag)
        this.#updateCodec(nowMs, 'audio', this.#audio.codec)
      }
      if (!this.#publication) {
        this.#wait(nowMs, message)
        return
      }
      const timeMs = this.#timeMs(this.#publication, nowMs, message)
      this.#write('audio', this.#audio.unit(tag, timeMs, nowMs))
    }
  }

  /** When the message is due on the stream's timeline. */
  #timeMs(publication: Publication, nowMs: number, { timestampMs }: RtmpMessage): number {
    this.#timeline ??= new PublisherTimeline(timestampMs, nowMs)
    return publication.originMs + this.#timeline.map(timestampMs, nowMs)
  }

  #write(kind: Codec['kind'], unit: Unit | undefined): void {
    const stream = this.#publication?.stream
    const track = stream?.tracks.find(({ codec }) => codec.kind === kind)
    if (stream && track && unit) stream.writeUnit(track, unit)
  }

  #onData(message: RtmpMessage): void {
    try {
      this.#announced = announcedTracks(decodeValues(message)) ?? this.#announced
    } catch (error) {
      // Metadata only saves waiting: long or odd ones, as of files with an index in them, do no harm.
      if (!(error instanceof ProtocolError)) throw error
      this.#options.warn(`the publisher's metadata is ignored: ${error.message}`)
    }
  }

  #onUnknownCodec(codec: string): void {
    if (this.#unknownCodecs.has(codec)) return
    this.#unknownCodecs.add(codec)
    this.#options.warn(`${codec} is not taken by RTMP here and left out: ${POSSIBLE_CODECS}`)
  }

  #wait(nowMs: number, message: RtmpMessage): void {
    this.#waiting.push({ nowMs, message })
    this.#waitingBytes += message.payload.length
  }

  #hasAllTracks(): boolean {
    const hasVideo = this.#video.codec !== undefined
    const hasAudio = this.#audio.codec !== undefined
    const wanted = this.#announced
    if (!wanted) return hasVideo && hasAudio
    return (hasVideo || hasAudio) && (hasVideo || !wanted.video) && (hasAudio || !wanted.audio)
  }

  /** A header came after publishing: new parameters, or another set of tracks, for which the stream begins anew. */
  #updateCodec(nowMs: number, kind: Codec['kind'], codec: Codec | undefined): void {
    const publication = this.#publication
    if (!publication || !codec) return
    const track = publication.stream.tracks.find((other) => other.codec.kind === kind)
    if (track && isCompatible(track.codec, codec)) publication.stream.setCodec(track, codec)
    else {
      this.#options.warn(`the publisher's tracks changed: the stream begins anew with ${kind} of another kind or that was not there before`)
      publication.close(nowMs)
      this.#publication = undefined
      this.#publish(nowMs)
    }
  }

  #publish(nowMs: number): void {
    const { hub, path, publisher } = this.#options
    const codecs = [this.#video.codec, this.#audio.codec].filter((codec) => codec !== undefined)
    if (codecs.length === 0) throw new ProtocolError('rtmp/no-known-codec', this.#noCodecMessage())
    this.#publication = hub.publish(path, codecs, 'units', publisher, nowMs)
    this.#options.onPublish(codecs)
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    this.#video.restart()
    this.#audio.restart()
    this.#timeline = waiting[0] && new PublisherTimeline(earliest(waiting, waiting[0].message.timestampMs), waiting[0].nowMs)
    for (const item of waiting) this.push(item.nowMs, item.message)
  }

  #noCodecMessage(): string {
    const found = [...this.#unknownCodecs].join(' and ')
    if (found) return `${found} cannot be taken by RTMP here: ${POSSIBLE_CODECS}`
    return `no sequence header of H.264 or AAC came within ${TRACKS_TIMEOUT_MS / 1000} s of the first media: start the encoder anew`
  }
}

const POSSIBLE_CODECS = 'send H.264 video, and AAC or G.711 audio'

/** The smallest timestamp, as seen from the first one. */
const earliest = (waiting: readonly Waiting[], firstTimestampMs: number): number => {
  let smallest = 0
  for (const { message } of waiting) smallest = Math.min(smallest, (message.timestampMs - firstTimestampMs) | 0)
  return (firstTimestampMs + smallest) >>> 0
}
