import type { Config } from '../config/schema.ts'
import type { Identities } from '../tls/identities.ts'

/** Where RTSP or RTMP listens, without TLS and with it. */
export const portAndTls = (section: Config['rtsp'] | Config['rtmp'], identities: Identities) => ({
  ...(section.encryption !== 'strict' && { port: section.port }),
  ...(section.encryption !== 'no' && { tls: { port: section.tlsPort, identity: identities.of(section) } }),
})

/** TLS of an HTTP port, beside HTTP or instead of it. */
export const httpTls = (section: Config['hls'] | Config['webrtc'], identities: Identities) =>
  section.encryption === 'no' ? undefined : { identity: identities.of(section), strict: section.encryption === 'strict' }
