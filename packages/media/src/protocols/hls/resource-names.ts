/** What a media playlist's URL, and the URLs in it, can name. */
export type HlsResource = {
  readonly kind: 'playlist' | 'init' | 'segment' | 'part'
  /** Of one run of the muxer: names of an earlier run may still be in a cache. */
  readonly run: string
  /** 0 for the playlist. */
  readonly index: number
}

/** Of every name but `index.m3u8`. */
export const HLS_RESOURCE_NAME = /^(media|init|segment|part)-([0-9a-z]{1,16})(?:-(\d{1,15}))?\.(m3u8|mp4)$/

/** The names of one run of the muxer. They stand beside `index.m3u8`. */
export class ResourceNames {
  readonly run: string

  /** @param run 1 to 16 digits and lower-case letters */
  constructor(run: string) {
    this.run = run
  }

  get playlist(): string {
    return `media-${this.run}.m3u8`
  }

  init(index: number): string {
    return `init-${this.run}-${index}.mp4`
  }

  segment(index: number): string {
    return `segment-${this.run}-${index}.mp4`
  }

  part(index: number): string {
    return `part-${this.run}-${index}.mp4`
  }
}

/** What a name stands for, or undefined if no playlist has such a name. */
export const parseResourceName = (name: string): HlsResource | undefined => {
  const [, kind, run, index, extension] = HLS_RESOURCE_NAME.exec(name) ?? []
  if (run === undefined) return undefined
  if (kind === 'media') return index === undefined && extension === 'm3u8' ? { kind: 'playlist', run, index: 0 } : undefined
  if (index === undefined || extension !== 'mp4') return undefined
  return { kind: kind as 'init' | 'segment' | 'part', run, index: Number(index) }
}
