import { attribute, rtpMaps } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { fingerprintsOf, type LocalEnd, type Signalling } from '../whep/signalling.ts'
import { JanusSession } from './janus-session.ts'

/**
 * Viewers of Janus's streaming plugin: one session of the HTTP interface with a handle for each of them. Janus offers.
 * @param url `http://host:port/janus`
 */
export const janusSignalling = async (url: string): Promise<Signalling> => {
  const session = await JanusSession.open(url)
  return async (local) => {
    const { sdp: offer, ...viewer } = await session.watch()
    const description = decodeSdp(offer)
    const [media] = description.media
    const candidate = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(offer)
    if (!media || !candidate) throw new Error(`Janus offers neither media nor a candidate: ${offer}`)
    const [, address = '', port = ''] = candidate
    const payloadType = rtpMaps(media)[0]?.payloadType ?? -1
    const answer = answerTo(local, payloadType, attribute(media, 'mid') ?? '0', address)
    await viewer.answer(answer)
    return {
      ufrag: attribute(media, 'ice-ufrag') ?? '',
      password: attribute(media, 'ice-pwd') ?? '',
      address,
      port: Number(port),
      ssrc: Number(attribute(media, 'ssrc')?.split(' ')[0]),
      payloadType,
      fingerprints: fingerprintsOf(description, media),
      leave: viewer.leave,
    }
  }
}

const answerTo = ({ ufrag, password, fingerprint, port }: LocalEnd, payloadType: number, mid: string, address: string): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mid}`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=recvonly',
    'a=rtcp-mux',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:${fingerprint}`,
    'a=setup:active',
    `a=rtpmap:${payloadType} H264/90000`,
    `a=fmtp:${payloadType} packetization-mode=1;profile-level-id=42e01f`,
    `a=rtcp-fb:${payloadType} nack`,
    `a=rtcp-fb:${payloadType} nack pli`,
    `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`,
    '',
  ].join('\r\n')
