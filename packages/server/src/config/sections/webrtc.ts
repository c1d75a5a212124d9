import { isIP } from 'node:net'
import { z } from 'zod'
import { flag, port, section } from '../fields.ts'
import { encryption, hasBoth, needsBoth, tlsFiles } from './tls.ts'

/** Fewer than the addresses of one answer, so that the machine's own are there too. */
const MAX_ADDITIONAL_HOSTS = 12
const ADDITIONAL_HOST_ERROR = 'must be an IP address, with the port where another one is forwarded: 203.0.113.7, 203.0.113.7:18189, [2001:db8::7]:18189'

const parseAdditionalHost = (text: string): { address: string; port: number | undefined } | undefined => {
  if (isIP(text) !== 0) return { address: text, port: undefined }
  const [, ipv6 = '', ipv4 = '', portText] = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = portText === undefined ? undefined : Number(portText)
  const isPort = port === undefined || (port > 0 && port < 65536)
  return isPort && (isIP(ipv6) === 6 || isIP(ipv4) === 4) ? { address: ipv6 || ipv4, port } : undefined
}

const additionalHost = z.string({ error: ADDITIONAL_HOST_ERROR }).transform((text, context) => {
  const host = parseAdditionalHost(text)
  if (host) return host
  context.addIssue({ code: 'custom', message: ADDITIONAL_HOST_ERROR })
  return z.NEVER
})

const ICE_URL_ERROR = 'must be a STUN or TURN server: stun:host:3478, turn:host:3478?transport=tcp, turns:host:5349'
// These go out in a header, RFC 9725 section 4.6.
const iceUrl = z.string({ error: ICE_URL_ERROR }).regex(/^(?:stuns?|turns?):[\w.:[\]-]+(?:\?transport=(?:udp|tcp))?$/, { error: ICE_URL_ERROR })
const SECRET_ERROR = 'must be 1 to 256 letters, digits and signs of ASCII'
const iceSecret = z
  .string({ error: SECRET_ERROR })
  .regex(/^[\x21-\x7e]{1,256}$/, { error: SECRET_ERROR })
  .optional()

/** As browsers take it: RTCIceServer. */
const iceServer = section({
  urls: z
    .array(iceUrl, { error: 'must be a list of URLs' })
    .min(1, { error: 'must have a URL' })
    .max(8, { error: 'may have 8 entries at most' })
    .describe('stun:, turn: or turns: URLs of one server'),
  username: iceSecret.describe('user of a TURN server'),
  credential: iceSecret.describe('password of a TURN server'),
}).refine(({ urls, username, credential }) => (username !== undefined && credential !== undefined) || !urls.some((url) => url.startsWith('turn')), {
  error: 'must have username and credential beside a TURN server',
})

export const webrtcSection = section({
  enabled: flag(true).describe('serve WebRTC (WHIP and WHEP); without it the web pages stay, and play by HLS'),
  port: port(8889).describe('TCP port of the web pages, WHIP and WHEP'),
  encryption: encryption('optional').describe(
    'HTTPS for the pages and signalling: optional beside HTTP on the same port, strict instead of it, or no; browsers give camera and microphone to HTTPS only, but for this machine',
  ),
  ...tlsFiles,
  icePort: port(8189).describe('UDP and TCP port of all WebRTC media'),
  additionalHosts: z
    .array(additionalHost, { error: 'must be a list of IP addresses' })
    .max(MAX_ADDITIONAL_HOSTS, { error: `may have ${MAX_ADDITIONAL_HOSTS} entries at most` })
    .default([])
    .describe('further addresses of this machine, as seen from outside its network; with a port where another one is forwarded, "203.0.113.7:18189"'),
  iceServers: z
    .array(iceServer, { error: 'must be a list of sections with urls' })
    .max(8, { error: 'may have 8 entries at most' })
    .default([])
    .describe('STUN and TURN servers that players are told of: urls, and for TURN username and credential'),
})
  .refine(hasBoth, needsBoth)
  .prefault({})
