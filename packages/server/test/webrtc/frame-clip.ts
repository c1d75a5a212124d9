import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { splitObus } from '@millrace/media/codecs/av1-obu.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import type { Clip } from './live-feeder.ts'

const ENCODERS = {
  vp8: '-c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 0',
  vp9: '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1',
  av1: '-c:v libaom-av1 -usage realtime -cpu-used 8',
} as const

const CODECS: Readonly<Record<keyof typeof ENCODERS, Codec>> = {
  vp8: { kind: 'video', name: 'vp8', clockRate: 90000 },
  vp9: { kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 },
  av1: { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined },
}

const IVF_HEADER_BYTES = 32
const IVF_FRAME_HEADER_BYTES = 12

/** Ten seconds of moving picture, 30 a second, a key frame each five seconds. */
export const makeFrameClip = async (name: keyof typeof ENCODERS, width: number, height: number): Promise<{ codec: Codec; clip: Clip }> => {
  const source = `-v error -f lavfi -i testsrc2=size=${width}x${height}:rate=30:duration=10 -pix_fmt yuv420p`
  const arguments_ = `${source} ${ENCODERS[name]} -b:v 800k -g 150 -lag-in-frames 0 -f ivf -`
  const { stdout } = await promisify(execFile)('ffmpeg', arguments_.split(' '), { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const clip: Uint8Array[][] = []
  for (let at = IVF_HEADER_BYTES; at < stdout.length; ) {
    const start = at + IVF_FRAME_HEADER_BYTES
    at = start + stdout.readUInt32LE(at)
    const frame = stdout.subarray(start, at)
    clip.push(name === 'av1' ? splitObus(frame) : [frame])
  }
  return { codec: CODECS[name], clip }
}
