import { duration, flag, integer, port, section } from '../fields.ts'
import { encryption, hasBoth, needsBoth, tlsFiles } from './tls.ts'

export const hlsSection = section({
  enabled: flag(true).describe('serve HLS: Safari, phones, players; it also stands by on the pages where WebRTC cannot connect'),
  port: port(8888).describe('TCP port of HLS'),
  segmentDuration: duration('1s', '200ms', '30s').describe('segments end at the first key frame after this time; 200ms to 30s'),
  segmentCount: integer(7, 3, 100, 'the number of segments in a playlist').describe('segments in a playlist; 3 to 100'),
  encryption: encryption('optional').describe('HTTPS: optional beside HTTP on the same port, strict instead of it, or no'),
  ...tlsFiles,
})
  .refine(hasBoth, needsBoth)
  .prefault({})
