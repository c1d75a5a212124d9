import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAv1RandomAccess } from '@millrace/media/codecs/av1-obu.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { splitAnnexB } from '@millrace/media/codecs/h264-nal.ts'
import { H265_NAL_TYPE, h265NalType, isH265RandomAccess } from '@millrace/media/codecs/h265-nal.ts'
import { isVp9KeyFrame, parseVp9Frame } from '@millrace/media/codecs/vp9.ts'
import { makeFrameClip } from '../webrtc/frame-clip.ts'
import type { Clip } from './clip.ts'

const RATE = 30

/** Ten seconds of AV1 with its sequence header known, which the stream has in each key frame as well. */
export const makeAv1Clip = async (width: number, height: number): Promise<Clip> => {
  const { clip } = await makeFrameClip('av1', width, height)
  return asClip({ kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: clip[0]?.[0] }, clip, isAv1RandomAccess)
}

/** Ten seconds of VP9, its first key frame known. */
export const makeVp9Clip = async (width: number, height: number): Promise<Clip> => {
  const { clip } = await makeFrameClip('vp9', width, height)
  const { profile, picture } = parseVp9Frame(clip[0]?.[0] ?? new Uint8Array())
  return asClip({ kind: 'video', name: 'vp9', clockRate: 90000, profile, picture }, clip, ([frame = new Uint8Array()]) => isVp9KeyFrame(frame))
}

/** Ten seconds of H.265 without reordering, a key frame each second. */
export const makeH265Clip = async (width: number, height: number): Promise<Clip> => {
  const source = `-v error -f lavfi -i testsrc2=size=${width}x${height}:rate=${RATE}:duration=10 -pix_fmt yuv420p`
  const encoder = `-c:v libx265 -preset ultrafast -x265-params aud=1:bframes=0:keyint=${RATE}:min-keyint=${RATE}:log-level=none`
  const { stdout } = await promisify(execFile)('ffmpeg', `${source} ${encoder} -f hevc -`.split(' '), { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const pictures: Uint8Array[][] = []
  for (const nal of splitAnnexB(stdout)) {
    if (h265NalType(nal) === H265_NAL_TYPE.AUD) pictures.push([])
    pictures.at(-1)?.push(nal)
  }
  const first = (type: number): Uint8Array | undefined => pictures[0]?.find((nal) => h265NalType(nal) === type)
  const sets = { vps: first(H265_NAL_TYPE.VPS), sps: first(H265_NAL_TYPE.SPS), pps: first(H265_NAL_TYPE.PPS) }
  return asClip({ kind: 'video', name: 'h265', clockRate: 90000, ...sets }, pictures, isH265RandomAccess)
}

const asClip = (codec: Codec, pictures: readonly (readonly Uint8Array[])[], isKey: (data: readonly Uint8Array[]) => boolean): Clip => {
  const units = pictures.map((data, i) => {
    const pts = (i * codec.clockRate) / RATE
    return { pts, dts: pts, randomAccess: isKey(data), data, arrivalMs: 0 }
  })
  return { codecs: [codec], units: [units], durationS: pictures.length / RATE }
}
