import { attribute } from '../sdp/attributes.ts'
import type { SessionDescription } from '../sdp/sdp.ts'
import type { RtpInfo } from './rtp-info.ts'
import { isSameTrackUrl, resolveControl } from './rtsp-url.ts'

/** URLs of a described stream's tracks, and which channel carries which. */
export class ClientTracks {
  readonly #urls: readonly string[]
  readonly #base: string
  /** Of the stream as a whole, for PLAY and TEARDOWN. */
  readonly aggregateUrl: string
  readonly #byChannel: ({ mediaIndex: number; isRtcp: boolean } | undefined)[] = []

  /** @param base what relative controls begin with */
  constructor(base: string, description: SessionDescription) {
    this.#base = base
    this.aggregateUrl = resolveControl(base, attribute(description, 'control'))
    this.#urls = description.media.map((media) => resolveControl(base, attribute(media, 'control')))
  }

  url(mediaIndex: number): string {
    return this.#urls[mediaIndex] ?? this.#base
  }

  setChannels(mediaIndex: number, [rtp, rtcp]: readonly [number, number]): void {
    this.#byChannel[rtp] = { mediaIndex, isRtcp: false }
    this.#byChannel[rtcp] = { mediaIndex, isRtcp: true }
  }

  onChannel(channel: number): { mediaIndex: number; isRtcp: boolean } | undefined {
    return this.#byChannel[channel]
  }

  /** Which track an entry of RTP-Info means: servers write its URL whole, from the path on, or as the control attribute alone. */
  find(info: RtpInfo): number | undefined {
    const index = this.#urls.findIndex((url) => isSameTrackUrl(url, info.url) || isSameTrackUrl(url, resolveControl(this.#base, info.url)))
    return index < 0 ? undefined : index
  }
}

/** `Content-Base` or `Content-Location` of a description, or the URL it was asked for by. Servers behind address translation may name only a path. */
export const baseUrl = (header: string | undefined, requestUrl: string): string => {
  const value = header?.trim()
  if (!value) return requestUrl
  if (/^rtsps?:\/\//i.test(value)) return value
  if (value.startsWith('/')) return `${requestUrl.replace(/^(rtsps?:\/\/[^/]*).*$/is, '$1')}${value}`
  return requestUrl
}
