import { startRtspServer } from '../servers/rtsp/rtsp-server.ts'
import type { Listener } from './listener.ts'
import { portAndTls } from './tls-options.ts'

export const rtspListener: Listener = {
  name: 'rtsp',
  protocol: 'rtsp',
  settings: ({ host, rtsp, tls }) => (rtsp.enabled ? { host, rtsp, tls } : undefined),
  start: async ({ context, identities, queueLimits }, { host, rtsp }) => {
    const { rtpPort, rtcpPort } = rtsp
    const server = await startRtspServer(context, { host, ...portAndTls(rtsp, identities), rtpPort, rtcpPort, queueLimits })
    return { ports: { rtsp: server.port, rtsps: server.tlsPort, rtp: server.rtpPort, rtcp: server.rtcpPort }, close: () => server.close() }
  },
}
