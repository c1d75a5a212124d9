import { flag, port, section } from '../fields.ts'
import { encryption, hasBoth, needsBoth, tlsFiles } from './tls.ts'

export const rtspSection = section({
  enabled: flag(true).describe('serve RTSP: cameras, ffmpeg, GStreamer, VLC'),
  port: port(8554).describe('TCP port of RTSP'),
  rtpPort: port(8000).describe('UDP port of RTP, for clients that take media by UDP'),
  rtcpPort: port(8001).describe('UDP port of RTCP'),
  encryption: encryption('optional').describe('RTSPS: optional beside RTSP, strict instead of it, or no'),
  tlsPort: port(8322).describe('TCP port of RTSPS'),
  ...tlsFiles,
})
  .refine(hasBoth, needsBoth)
  .prefault({})
