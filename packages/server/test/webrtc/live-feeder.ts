import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAv1RandomAccess } from '@millrace/media/codecs/av1-obu.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { isRandomAccess, NAL_TYPE, nalType, splitAnnexB } from '@millrace/media/codecs/h264-nal.ts'
import { isVp8KeyFrame } from '@millrace/media/codecs/vp8.ts'
import { isVp9KeyFrame } from '@millrace/media/codecs/vp9.ts'
import type { Hub, Publication } from '@millrace/media/hub/hub.ts'
import { monotonicMs } from '../../src/net/clock.ts'

const FRAME_MS = 1000 / 30
const OPUS_MS = 20
/** 20 ms of silence: RFC 6716 section 3.1, one CELT frame in stereo. */
const OPUS_SILENCE = Uint8Array.of(0xfc, 0xff, 0xfe)

/** Pictures in decoding order, each as a unit's data. */
export type Clip = readonly (readonly Uint8Array[])[]

/** Twenty seconds of moving picture, 30 a second. @param groupPictures from key frame to key frame: ten seconds if nothing else is said */
export const makeClip = async (width: number, height: number, groupPictures = 300): Promise<Clip> => {
  const arguments_ = `-v error -f lavfi -i testsrc2=size=${width}x${height}:rate=30:duration=20 -c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -pix_fmt yuv420p -b:v 1500k -x264-params keyint=${groupPictures}:min-keyint=${groupPictures}:scenecut=0:aud=1:sliced-threads=0:slices=1 -f h264 -`
  const { stdout } = await promisify(execFile)('ffmpeg', arguments_.split(' '), { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const pictures: Uint8Array[][] = []
  for (const nal of splitAnnexB(stdout)) {
    if (nalType(nal) === NAL_TYPE.AUD) pictures.push([])
    else pictures.at(-1)?.push(nal)
  }
  return pictures
}

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const opus: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }

/** Whether decoding can start at a picture. */
const isKeyFrame = (codec: Codec, data: readonly Uint8Array[]): boolean => {
  const [frame = new Uint8Array()] = data
  if (codec.name === 'vp8') return isVp8KeyFrame(frame)
  if (codec.name === 'vp9') return isVp9KeyFrame(frame)
  return codec.name === 'av1' ? isAv1RandomAccess(data) : isRandomAccess(data)
}

/** Publishes a clip in real time, over and over, with silence as its sound. */
export class LiveFeeder {
  readonly #hub: Hub
  readonly #path: string
  readonly #clip: Clip
  readonly #audio: Codec
  readonly #video: Codec
  #publication: Publication
  #startMs = 0
  #pictures = 0
  #sounds = 0
  #groupStartMs = 0
  readonly #timer: NodeJS.Timeout

  constructor(hub: Hub, path: string, clip: Clip, audio: Codec = opus, video: Codec = h264) {
    this.#hub = hub
    this.#path = path
    this.#clip = clip
    this.#audio = audio
    this.#video = video
    this.#publication = this.#publish()
    this.#timer = setInterval(() => this.#feed(), 5)
  }

  /** Since the newest key frame. */
  get groupAgeMs(): number {
    return monotonicMs() - this.#groupStartMs
  }

  /** Goes away and comes back at once. */
  republish(): void {
    this.#publication.close(monotonicMs())
    this.#publication = this.#publish()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#publication.close(monotonicMs())
  }

  #publish(): Publication {
    const nowMs = monotonicMs()
    this.#startMs = nowMs
    this.#pictures = 0
    this.#sounds = 0
    return this.#hub.publish(this.#path, [this.#video, this.#audio], 'units', { protocol: 'test', remote: 'test', close() {} }, nowMs)
  }

  #feed(): void {
    const arrivalMs = monotonicMs()
    const { stream, originMs } = this.#publication
    const [video, audio] = stream.tracks
    if (!video || !audio) return
    const elapsedMs = arrivalMs - this.#startMs
    for (; this.#pictures * FRAME_MS <= elapsedMs; this.#pictures++) {
      const data = this.#clip[this.#pictures % this.#clip.length] ?? []
      const randomAccess = isKeyFrame(this.#video, data)
      if (randomAccess) this.#groupStartMs = arrivalMs
      const pts = Math.round((originMs + this.#pictures * FRAME_MS) * 90)
      stream.writeUnit(video, { pts, dts: pts, randomAccess, data, arrivalMs })
    }
    for (; this.#sounds * OPUS_MS <= elapsedMs; this.#sounds++) {
      const pts = Math.round(((originMs + this.#sounds * OPUS_MS) * audio.clockRate) / 1000)
      stream.writeUnit(audio, { pts, dts: pts, randomAccess: true, data: [OPUS_SILENCE], arrivalMs })
    }
  }
}
