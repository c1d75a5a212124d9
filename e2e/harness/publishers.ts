import { Child, until } from './child.ts'
import { type ClipAudio, clip } from './clip.ts'
import type { Millrace } from './millrace.ts'

/** A row of the interop table: a real program that sends a stream to the server, or a camera that the server pulls. */
export type PublisherKind = {
  readonly name: string
  readonly audio: ClipAudio
  /** Lines below `paths:` that the configuration needs for it. */
  readonly pathConfig?: (path: string, cameraPort: number) => string
  /** Options of camera.py, for sources that the server pulls. */
  readonly camera?: readonly string[]
  readonly start?: (server: Millrace, path: string) => Promise<Child>
}

/** Publishes a clip over and over with ffmpeg, as it is. */
export const ffmpegPublish = async (url: string, output: readonly string[], file: string): Promise<Child> =>
  new Child('ffmpeg', ['-v', 'warning', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', ...output, url])

export const publishRtsp = async (server: Millrace, path: string, transport: 'tcp' | 'udp', file: string): Promise<Child> =>
  ffmpegPublish(server.url('rtsp', path), ['-f', 'rtsp', '-rtsp_transport', transport], file)

export const publishRtmp = async (server: Millrace, path: string, file: string): Promise<Child> => ffmpegPublish(server.url('rtmp', path), ['-f', 'flv'], file)

const publishGStreamer = async (server: Millrace, path: string): Promise<Child> => {
  const video = ['videotestsrc', 'is-live=true', '!', 'video/x-raw,format=I420,width=640,height=360,framerate=30/1', '!']
  const x264 = [
    'x264enc',
    'tune=zerolatency',
    'speed-preset=veryfast',
    'bitrate=1000',
    'key-int-max=30',
    '!',
    'video/x-h264,profile=baseline',
    '!',
    'h264parse',
    '!',
  ]
  const sound = [
    'audiotestsrc',
    'is-live=true',
    '!',
    'audioconvert',
    '!',
    'audioresample',
    '!',
    'audio/x-raw,rate=48000,channels=2',
    '!',
    'opusenc',
    '!',
    'queue',
    '!',
    'sink.',
  ]
  return new Child('gst-launch-1.0', [
    ...video,
    ...x264,
    'queue',
    '!',
    'rtspclientsink',
    'name=sink',
    'protocols=tcp',
    `location=${server.url('rtsp', path)}`,
    ...sound,
  ])
}

/** Starts the camera and gives the port that it chose. */
export const startCamera = async (options: readonly string[]): Promise<{ child: Child; port: number }> => {
  const child = new Child('/usr/bin/python3', [new URL('camera.py', import.meta.url).pathname, ...options])
  const port = await until('the camera listens', 15_000, () => {
    if (child.exitCode !== undefined) throw new Error(`the camera ended: ${child.stderr}`)
    return Number(child.stdout.trim()) || undefined
  })
  return { child, port }
}

const pulled = (credentials: string, transport: string) => (path: string, port: number) =>
  `  ${path}: { source: "rtsp://${credentials}127.0.0.1:${port}/stream", rtspTransport: ${transport} }`

/** The rows of the interop table. */
export const PUBLISHERS: readonly PublisherKind[] = [
  {
    name: 'ffmpeg RTSP/TCP',
    audio: 'opus',
    start: async (server, path) => publishRtsp(server, path, 'tcp', await clip({ audio: 'opus' })),
  },
  {
    name: 'ffmpeg RTSP/UDP',
    audio: 'aac',
    start: async (server, path) => publishRtsp(server, path, 'udp', await clip({ audio: 'aac' })),
  },
  { name: 'GStreamer rtspclientsink', audio: 'opus', start: publishGStreamer },
  {
    name: 'ffmpeg RTMP',
    audio: 'aac',
    start: async (server, path) => publishRtmp(server, path, await clip({ audio: 'aac' })),
  },
  { name: 'camera pulled by TCP', audio: 'aac', camera: ['--audio', 'aac'], pathConfig: pulled('', 'tcp') },
  { name: 'camera pulled by UDP', audio: 'pcma', camera: ['--audio', 'pcma'], pathConfig: pulled('', 'udp') },
  { name: 'camera with digest', audio: 'opus', camera: ['--audio', 'opus', '--auth', 'digest'], pathConfig: pulled('admin:secret@', 'auto') },
]
