import { Child } from '../../e2e/harness/child.ts'
import { type LabStream, labClip } from '../../e2e/lab/trial.ts'
import { answerOffer, leave, showPictures } from '../../e2e/lab/whep-page.ts'
import { freeUdpPort, spawnJanus } from './janus-server.ts'
import { JanusSession } from './janus-session.ts'

const VIDEO_PAYLOAD_TYPE = 96
const AUDIO_PAYLOAD_TYPE = 97

/**
 * Janus with the lab's stream, the same as Millrace gets, for one viewer at a time.
 * @param address where viewers in the lab reach this machine
 */
export const startJanusForLab = async (address: string): Promise<LabStream & { stop(): Promise<void> }> => {
  const [video, audio, mediaPort] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
  // ffmpeg ends where its reports meet a closed port.
  const [videoRtcp, audioRtcp] = [await freeUdpPort(), await freeUdpPort()]
  const janus = await spawnJanus({
    // With any other address, or port, a viewer would go past the lab's impairments.
    nat: `ice_enforce_list = "${address}"`,
    media: `rtp_port_range = "${mediaPort}-${mediaPort}"`,
    mountpoint: `audio = true, audioport = ${audio}, audiortcpport = ${audioRtcp}, audioiface = "127.0.0.1", audiopt = ${AUDIO_PAYLOAD_TYPE}, audiocodec = "opus"
  video = true, videoport = ${video}, videortcpport = ${videoRtcp}, videoiface = "127.0.0.1", videopt = ${VIDEO_PAYLOAD_TYPE}, videocodec = "h264"
  videofmtp = "profile-level-id=42e01f;packetization-mode=1", videobufferkf = true`,
  })
  const rtp = (map: string, payloadType: number, port: number, rtcpPort: number): string[] => [
    '-map',
    map,
    '-c',
    'copy',
    '-payload_type',
    `${payloadType}`,
    '-f',
    'rtp',
    `rtp://127.0.0.1:${port}?pkt_size=1200&rtcpport=${rtcpPort}`,
  ]
  const publisher = new Child('ffmpeg', [
    ...['-v', 'warning', '-re', '-stream_loop', '-1', '-i', await withParameterSets(await labClip())],
    ...rtp('0:v', VIDEO_PAYLOAD_TYPE, video, videoRtcp),
    ...rtp('0:a', AUDIO_PAYLOAD_TYPE, audio, audioRtcp),
  ])
  const session = await JanusSession.open(janus.url)
  return {
    mediaPort,
    watch: async (page, options) => {
      const viewer = await session.watch()
      await viewer.answer(await answerOffer(page, viewer.sdp, options))
      await showPictures(page)
      return async () => {
        await leave(page)
        await viewer.leave()
      }
    },
    stop: async () => {
      session.close()
      await publisher.stop()
      await janus.stop()
    },
  }
}

/** The clip as an MPEG transport stream, which has the parameter sets before each key frame: nothing else tells Janus's viewers of them. */
const withParameterSets = async (file: string): Promise<string> => {
  const made = `${file}.ts`
  const remux = new Child('ffmpeg', ['-v', 'error', '-y', '-i', file, '-c', 'copy', made])
  if ((await remux.finished(60_000)) !== 0) throw new Error(`ffmpeg could not change a test clip: ${remux.stderr}`)
  return made
}
