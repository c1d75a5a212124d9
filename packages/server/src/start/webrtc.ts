import { startWebRtcServer } from '../servers/webrtc/server.ts'
import { addRoutes, type Listener } from './listener.ts'

/** The port of the media, and its sessions; the pages' port is that of `httpListener`. */
export const webrtcListener: Listener = {
  name: 'webrtc',
  protocol: 'webrtc',
  settings: ({ host, webrtc: { enabled, icePort, additionalHosts, iceServers } }) => (enabled ? { host, icePort, additionalHosts, iceServers } : undefined),
  start: async ({ context, routes }, { host, webrtc: { icePort, additionalHosts, iceServers } }) => {
    const server = await startWebRtcServer(context, { host, port: icePort, additionalHosts, iceServers })
    const removeRoutes = addRoutes(routes, server.routes)
    return {
      ports: { ice: server.port },
      close: () => {
        removeRoutes()
        return server.close()
      },
    }
  },
}
