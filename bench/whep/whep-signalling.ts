import { attribute, rtpMaps } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { fingerprintsOf, type LocalEnd, type Signalling } from './signalling.ts'

/** @param url `http://host:port/PATH/whep` */
export const whepSignalling =
  (url: string): Signalling =>
  async (local) => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer(local) })
    const text = await response.text()
    if (response.status !== 201) throw new Error(`the server refuses a viewer: ${response.status} ${text}`)
    const resource = new URL(response.headers.get('location') ?? '', url).href
    const answer = decodeSdp(text)
    const [media] = answer.media
    if (!media) throw new Error('the answer has no media')
    return {
      ufrag: attribute(media, 'ice-ufrag') ?? '',
      password: attribute(media, 'ice-pwd') ?? '',
      address: media.connection?.address ?? '',
      port: media.port,
      ssrc: Number(attribute(media, 'ssrc')?.split(' ')[0]),
      payloadType: rtpMaps(media)[0]?.payloadType ?? -1,
      fingerprints: fingerprintsOf(answer, media),
      leave: async () => {
        await fetch(resource, { method: 'DELETE' })
      },
    }
  }

const offer = ({ ufrag, password, fingerprint }: LocalEnd): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=recvonly',
    'a=rtcp-mux',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:${fingerprint}`,
    'a=setup:active',
    'a=rtpmap:96 H264/90000',
    'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    'a=rtcp-fb:96 nack',
    'a=rtcp-fb:96 nack pli',
    '',
  ].join('\r\n')
