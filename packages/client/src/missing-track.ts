/** A track of the stream that the viewer does not get, because the transport cannot carry its codec. */
export type MissingTrack = {
  readonly kind: 'audio' | 'video'
  /** For people: `AAC`. */
  readonly codec: string
  readonly reason: string
}

/**
 * Reads the header `Millrace-Missing` of a WHEP answer: `audio AAC; reason="WebRTC has no AAC"`, several with a comma between them.
 * What does not fit that form is left out.
 */
export const parseMissingTracks = (header: string | null): MissingTrack[] =>
  [...(header ?? '').matchAll(/(audio|video) ([^;,"]+)(?:; *reason="([^"]*)")?/g)].map(([, kind, codec = '', reason = '']) => ({
    kind: kind === 'video' ? 'video' : 'audio',
    codec: codec.trim(),
    reason,
  }))
