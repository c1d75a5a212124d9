import { flag, port, section } from '../fields.ts'
import { encryption, hasBoth, needsBoth, tlsFiles } from './tls.ts'

export const rtmpSection = section({
  enabled: flag(true).describe('serve RTMP: OBS, ffmpeg, encoders'),
  port: port(1935).describe('TCP port of RTMP'),
  encryption: encryption('optional').describe('RTMPS: optional beside RTMP, strict instead of it, or no'),
  tlsPort: port(1936).describe('TCP port of RTMPS'),
  ...tlsFiles,
})
  .refine(hasBoth, needsBoth)
  .prefault({})
