import { attribute } from '../sdp/attributes.ts'
import type { SdpMedia } from '../sdp/sdp.ts'
import { isSameTrackUrl, resolveControl } from './rtsp-url.ts'
import type { Pair, RtspTransport } from './transport.ts'

/** A track that a client set up. */
export type SetupTrack = {
  /** Position among the tracks of the description. */
  readonly index: number
  /** What was agreed: channels for TCP, the client's ports for UDP. */
  readonly transport: RtspTransport
}

/** The tracks of one server session, and who owns which channel. */
export class ServerTracks {
  readonly #tracks: SetupTrack[] = []
  readonly #byChannel: ({ track: number; isRtcp: boolean } | undefined)[] = []

  get all(): readonly SetupTrack[] {
    return this.#tracks
  }

  has(index: number): boolean {
    return this.#tracks.some((track) => track.index === index)
  }

  add(track: SetupTrack): void {
    this.#tracks.push(track)
    const channels = track.transport.interleaved
    if (!channels) return
    this.#byChannel[channels[0]] = { track: track.index, isRtcp: false }
    this.#byChannel[channels[1]] = { track: track.index, isRtcp: true }
  }

  /** Whose packets a channel carries. */
  onChannel(channel: number): { track: number; isRtcp: boolean } | undefined {
    return this.#byChannel[channel]
  }

  /**
   * The first alternative that we can do, with channels that are free.
   * @returns undefined for multicast, encrypted profiles, UDP without ports, and when all channels are taken
   */
  choose(alternatives: readonly RtspTransport[]): RtspTransport | undefined {
    for (const wanted of alternatives) {
      if (wanted.delivery !== 'unicast' || !/^RTP\/AVPF?$/.test(wanted.profile)) continue
      const mode = wanted.mode ? { mode: wanted.mode } : {}
      if (wanted.lower === 'udp') {
        if (wanted.clientPort?.every((port) => port > 0))
          return { profile: wanted.profile, lower: 'udp', delivery: 'unicast', clientPort: wanted.clientPort, ...mode }
        continue
      }
      const interleaved = this.#freeChannels(wanted.interleaved)
      if (interleaved) return { profile: wanted.profile, lower: 'tcp', delivery: 'unicast', interleaved, ...mode }
    }
    return undefined
  }

  #freeChannels(wanted: Pair | undefined): Pair | undefined {
    const isFree = ([rtp, rtcp]: Pair): boolean => rtp !== rtcp && !this.#byChannel[rtp] && !this.#byChannel[rtcp]
    if (wanted && isFree(wanted)) return wanted
    for (let channel = 0; channel < 256; channel += 2) if (isFree([channel, channel + 1])) return [channel, channel + 1]
    return undefined
  }
}

/**
 * Which announced track a SETUP means.
 * @param url of the SETUP
 * @param base URL of the ANNOUNCE
 */
export const findAnnouncedTrack = (url: string, base: string, media: readonly SdpMedia[]): number | undefined => {
  const exact = media.findIndex((section) => isSameTrackUrl(url, resolveControl(base, attribute(section, 'control'))))
  if (exact >= 0) return exact
  // The control may have been appended to another form of the base: with or without its query string.
  const tail = media.findIndex((section) => {
    const control = attribute(section, 'control')
    return control && control !== '*' && url.replace(/\/+$/, '').endsWith(`/${control}`)
  })
  return tail >= 0 ? tail : undefined
}
