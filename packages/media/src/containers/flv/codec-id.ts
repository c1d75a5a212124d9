/** SoundFormat, Adobe Flash Video File Format 10.1 section E.4.2.1. */
export const SOUND_FORMAT = { G711_A_LAW: 7, G711_MU_LAW: 8, EX_HEADER: 9, AAC: 10 } as const

/** CodecID, section E.4.3.1. */
export const VIDEO_CODEC_ID = { AVC: 7 } as const

const SOUND_FORMAT_NAMES: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 µ-law',
  10: 'AAC',
  11: 'Speex',
  14: 'MP3',
}

const VIDEO_CODEC_NAMES: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'VP6',
  5: 'VP6',
  6: 'Screen Video 2',
  7: 'H.264',
  // Not Adobe's, but what several encoders write.
  12: 'H.265',
  13: 'AV1',
}

/** FourCC of Enhanced RTMP. */
const FOURCC_NAMES: Readonly<Record<string, string>> = {
  avc1: 'H.264 in Enhanced RTMP',
  hvc1: 'H.265',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  Opus: 'Opus',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
  mp4a: 'AAC in Enhanced RTMP',
}

/** Name for people of a SoundFormat. */
export const soundFormatName = (id: number): string => SOUND_FORMAT_NAMES[id] ?? `audio codec ${id}`

/** Name for people of a CodecID. */
export const videoCodecName = (id: number): string => VIDEO_CODEC_NAMES[id] ?? `video codec ${id}`

/** Name for people of the FourCC of an Enhanced RTMP tag. */
export const fourCcName = (bytes: Uint8Array): string => {
  const fourCc = String.fromCharCode(...bytes)
  return FOURCC_NAMES[fourCc] ?? (/^[\w .-]{4}$/.test(fourCc) ? `codec ${fourCc}` : 'an unknown codec')
}
