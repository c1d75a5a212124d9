import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, waitForPort } from '../rtmp/free-port.ts'
import { pidOf, stopChild } from '../rtmp/process.ts'
import { PICTURE_PAYLOAD_TYPE, sendPictures } from '../whep/pictures.ts'
import type { Rival } from '../whep/rival.ts'
import { MOUNTPOINT } from './janus-session.ts'

/** Janus's own advice for many viewers: some loops for all of them instead of a thread for each. As many as the machine has cores. */
const EVENT_LOOPS = 2

export type JanusOptions = {
  /** The `nat` block, besides ICE-lite. */
  readonly nat?: string
  /** The `media` block. */
  readonly media?: string
  /** The mountpoint, with its ports. */
  readonly mountpoint: string
}

/** Janus as Debian has it, with the streaming plugin alone, and ICE-lite as Millrace is. */
export const spawnJanus = async ({ nat = '', media = '', mountpoint }: JanusOptions): Promise<{ pid: number; url: string; stop(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-janus-'))
  const http = await freePort()
  await mkdir(join(folder, 'events'))
  const files = {
    'janus.jcfg': `general: { debug_level = 2
  events_folder = "${folder}/events"
  session_timeout = 0
  event_loops = ${EVENT_LOOPS} }
nat: { ice_lite = true
  ${nat} }
media: { ${media} }
plugins: { disable = "${OTHER_PLUGINS.map((name) => `libjanus_${name}.so`).join(',')}" }
transports: { disable = "${OTHER_TRANSPORTS.map((name) => `libjanus_${name}.so`).join(',')}" }
`,
    'janus.transport.http.jcfg': `general: { json = "compact", base_path = "/janus", http = true, port = ${http}, ip = "127.0.0.1", https = false }
admin: { admin_http = false, admin_https = false }
`,
    'janus.plugin.streaming.jcfg': `bench: { type = "rtp", id = ${MOUNTPOINT}, ${mountpoint} }
`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const child = spawn('janus', ['--config', join(folder, 'janus.jcfg'), '--configs-folder', folder, '--disable-colors'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await rm(folder, { recursive: true })
  }
  try {
    const pid = await pidOf(child)
    await waitForPort(http, 'Janus did not start')
    return { pid, url: `http://127.0.0.1:${http}/janus`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The same with the bench's stream, by RTP over UDP. */
export const startJanus = async (paced: boolean): Promise<Rival> => {
  const rtp = await freeUdpPort()
  const mountpoint = `audio = false, video = true, videoport = ${rtp}, videoiface = "127.0.0.1"
  videopt = ${PICTURE_PAYLOAD_TYPE}, videocodec = "h264", videofmtp = "profile-level-id=42e01f;packetization-mode=1"`
  const janus = await spawnJanus({ mountpoint })
  const socket = createSocket('udp4')
  const stopPictures = sendPictures((packets) => {
    for (const packet of packets) socket.send(packet, rtp, '127.0.0.1')
  }, paced)
  return {
    name: 'janus',
    pid: janus.pid,
    stream: { protocol: 'janus', url: janus.url },
    stop: async () => {
      stopPictures()
      socket.close()
      await janus.stop()
    },
  }
}

const OTHER_PLUGINS = ['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'textroom', 'videocall', 'videoroom', 'voicemail']
const OTHER_TRANSPORTS = ['mqtt', 'nanomsg', 'pfunix', 'rabbitmq', 'websockets']

export const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
