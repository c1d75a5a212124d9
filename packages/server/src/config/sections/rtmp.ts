import { flag, port, section } from '../fields.ts'

export const rtmpSection = section({
  enabled: flag(true).describe('serve RTMP: OBS, ffmpeg, encoders'),
  port: port(1935).describe('TCP port of RTMP'),
}).prefault({})
