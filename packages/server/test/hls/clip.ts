import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { aacCodec } from '@millrace/media/codecs/aac.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { decodeAvcConfig } from '@millrace/media/codecs/h264-avcc.ts'
import { DtsEstimator } from '@millrace/media/codecs/h264-dts.ts'
import { splitLengthPrefixed } from '@millrace/media/codecs/h264-nal.ts'
import { parseSps } from '@millrace/media/codecs/h264-sps.ts'
import type { Unit } from '@millrace/media/hub/unit.ts'
import { EncodedPacketSink, FilePathSource, Input, type InputAudioTrack, type InputVideoTrack, MP4 } from 'mediabunny'

const run = promisify(execFile)

export type Clip = {
  readonly codecs: readonly Codec[]
  /** Of each track, in the order of decoding. */
  readonly units: readonly (readonly Unit[])[]
  readonly durationS: number
}

export type ClipOptions = {
  readonly seconds: number
  readonly video?: { readonly size: string; readonly rate: number; readonly gop: number; readonly bFrames?: number }
  readonly audio?: 'aac' | 'libopus'
}

/** A test picture and a tone, encoded by ffmpeg. */
export const makeClip = async ({ seconds, video, audio }: ClipOptions): Promise<Clip> => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-hls-'))
  try {
    const file = join(directory, 'clip.mp4')
    const inputs: string[] = []
    const outputs: string[] = []
    if (video) {
      inputs.push('-f', 'lavfi', '-i', `testsrc2=size=${video.size}:rate=${video.rate}`)
      outputs.push('-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-b:v', '500k', '-g', `${video.gop}`, '-keyint_min', `${video.gop}`)
      outputs.push('-sc_threshold', '0', '-bf', `${video.bFrames ?? 0}`)
    }
    if (audio) {
      inputs.push('-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000')
      outputs.push('-c:a', audio, '-ac', '2', '-b:a', '64k')
    }
    await run('ffmpeg', ['-v', 'error', '-threads', '1', ...inputs, '-t', `${seconds}`, ...outputs, '-y', file])
    return await readClip(file, seconds)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const readClip = async (file: string, durationS: number): Promise<Clip> => {
  const input = new Input({ formats: [MP4], source: new FilePathSource(file) })
  const codecs: Codec[] = []
  const units: Unit[][] = []
  for (const track of [...(await input.getVideoTracks()), ...(await input.getAudioTracks())]) {
    const config = await track.getDecoderConfig()
    const description = config?.description
    const bytes = description instanceof ArrayBuffer ? new Uint8Array(description) : (description as Uint8Array | undefined)
    const codec = makeCodec(track, bytes)
    const estimator = codec.name === 'h264' && codec.sps ? new DtsEstimator(parseSps(codec.sps).maxNumReorderFrames) : undefined
    const trackUnits: Unit[] = []
    for await (const packet of new EncodedPacketSink(track).packets()) {
      const pts = Math.round(packet.timestamp * codec.clockRate)
      const dts = estimator?.next(pts) ?? pts
      const data = codec.kind === 'video' ? splitLengthPrefixed(packet.data, 4) : [packet.data]
      trackUnits.push({ pts, dts, randomAccess: packet.type === 'key', data, arrivalMs: 0 })
    }
    codecs.push(codec)
    units.push(trackUnits)
  }
  input.dispose()
  return { codecs, units, durationS }
}

const makeCodec = (track: InputAudioTrack | InputVideoTrack, description: Uint8Array | undefined): Codec => {
  if (track.codec === 'opus') return { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }
  if (!description) throw new Error(`no decoder configuration for ${track.codec}`)
  if (track.codec === 'aac') return aacCodec(description)
  const { sps, pps } = decodeAvcConfig(description)
  return { kind: 'video', name: 'h264', clockRate: 90000, sps, pps }
}
