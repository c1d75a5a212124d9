import { attribute, rtpMaps } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { fingerprintsOf, type LocalEnd, type Signalling } from '../whep/signalling.ts'

/** The mountpoint that viewers watch. */
export const MOUNTPOINT = 1

type Message = {
  readonly janus: string
  readonly transaction?: string
  readonly sender?: number
  readonly data?: { readonly id: number }
  readonly error?: { readonly reason: string }
  readonly jsep?: { readonly type: string; readonly sdp: string }
}

/**
 * Viewers of Janus's streaming plugin: one session of the HTTP interface with a handle for each of them. Janus offers.
 * @param url `http://host:port/janus`
 */
export const janusSignalling = async (url: string): Promise<Signalling> => {
  const post = async (path: string, body: object): Promise<Message> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify({ transaction: 'bench', ...body }) })
    const answer = (await response.json()) as Message
    if (answer.janus === 'error') throw new Error(`Janus refuses: ${answer.error?.reason}`)
    return answer
  }
  const session = `/${(await post('', { janus: 'create' })).data?.id}`
  /** Those who wait for their offer, by handle. */
  const waiting = new Map<number, (sdp: string) => void>()
  const poll = async (): Promise<never> => {
    for (;;) {
      const events = (await (await fetch(`${url}${session}?maxev=50`)).json()) as Message | Message[]
      for (const { sender, jsep } of Array.isArray(events) ? events : [events]) {
        if (sender !== undefined && jsep?.type === 'offer') waiting.get(sender)?.(jsep.sdp)
      }
    }
  }
  poll().catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })

  return async (local) => {
    const id = (await post(session, { janus: 'attach', plugin: 'janus.plugin.streaming' })).data?.id ?? 0
    const handle = `${session}/${id}`
    const offered = new Promise<string>((resolve) => waiting.set(id, resolve))
    await post(handle, { janus: 'message', body: { request: 'watch', id: MOUNTPOINT } })
    const offer = await offered
    waiting.delete(id)
    const description = decodeSdp(offer)
    const [media] = description.media
    const candidate = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(offer)
    if (!media || !candidate) throw new Error(`Janus offers neither media nor a candidate: ${offer}`)
    const [, address = '', port = ''] = candidate
    const payloadType = rtpMaps(media)[0]?.payloadType ?? -1
    const answer = answerTo(local, payloadType, attribute(media, 'mid') ?? '0', address)
    await post(handle, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp: answer } })
    return {
      ufrag: attribute(media, 'ice-ufrag') ?? '',
      password: attribute(media, 'ice-pwd') ?? '',
      address,
      port: Number(port),
      ssrc: Number(attribute(media, 'ssrc')?.split(' ')[0]),
      payloadType,
      fingerprints: fingerprintsOf(description, media),
      leave: async () => {
        await post(handle, { janus: 'detach' })
      },
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
