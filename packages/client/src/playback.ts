import type { MissingTrack } from './missing-track.ts'

export type Transport = 'webrtc' | 'hls'

/** Why a playback ended or never began. `message` is a sentence for people. */
export type PlaybackFault = {
  readonly kind:
    | 'no-publisher'
    /** Credentials are missing, or do not allow it. */
    | 'refused'
    /** The transport cannot carry any of the stream's codecs; another may. */
    | 'cannot-carry'
    /** The signalling worked, the media connection did not: a firewall, usually. */
    | 'cannot-connect'
    /** This browser has no decoder for the codecs. */
    | 'cannot-play'
    | 'ended'
    /** The network or the server failed; trying again may help. */
    | 'lost'
  readonly message: string
  /** Credentials may help. */
  readonly wantsSignIn?: boolean
}

/** What plays. */
export type Started = {
  /** Tracks that the transport cannot carry. */
  readonly missing: readonly MissingTrack[]
  readonly hasAudio: boolean
  /** What else the transport does not do well with this stream, a sentence for people. */
  readonly notice?: string
}

/** Told by a playback how it goes; never before the function that began it has returned. */
export type PlaybackListener = {
  /** The first picture or sound is there. */
  started(media: Started): void
  /** Nothing has come for several seconds. */
  stalled(): void
  /** After `stalled`: media flows again. */
  resumed(): void
  /**
   * The server sends less than there is, because the way here is too narrow, or all of it again.
   * @param reason for people; undefined when nothing is left out any more
   */
  reduced(reason: string | undefined): void
  /** It is over; nothing else is told afterwards. The playback is still to be closed. */
  failed(fault: PlaybackFault): void
}

/** Counters since the playback began; what the transport does not know is absent. */
export type PlaybackStatistics = {
  readonly via: Transport
  readonly framesDecoded?: number
  readonly framesDropped?: number
  readonly framesPerSecond?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly bytesReceived?: number
  readonly packetsReceived?: number
  readonly packetsLost?: number
  readonly audioPacketsReceived?: number
  readonly audioPacketsLost?: number
  /** Interarrival jitter of the video, RFC 3550 section 6.4.1. */
  readonly jitterMs?: number
  readonly roundTripMs?: number
  /** How far the player is behind the newest media that the server has offered. */
  readonly latencyMs?: number
}

export type Playback = {
  statistics(): Promise<PlaybackStatistics>
  close(): void
}
