import { startRtmpServer } from '../servers/rtmp/server.ts'
import type { Listener } from './listener.ts'
import { portAndTls } from './tls-options.ts'

export const rtmpListener: Listener = {
  name: 'rtmp',
  protocol: 'rtmp',
  settings: ({ host, rtmp, tls }) => (rtmp.enabled ? { host, rtmp, tls } : undefined),
  start: async ({ context, identities, queueLimits }, { host, rtmp }) => {
    const server = await startRtmpServer(context, { host, ...portAndTls(rtmp, identities), queueLimits })
    return { ports: { rtmp: server.port, rtmps: server.tlsPort }, close: () => server.close() }
  },
}
