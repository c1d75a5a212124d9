import { hlsRoutes } from '../servers/hls/routes.ts'
import { addRoutes, type Listener } from './listener.ts'

/** What HLS answers; its port is that of `httpListener`. */
export const hlsListener: Listener = {
  name: 'hls',
  protocol: 'hls',
  settings: ({ hls: { enabled, segmentDuration, segmentCount } }) => (enabled ? { segmentDuration, segmentCount } : undefined),
  start: async ({ context, routes }, { hls: { segmentDuration, segmentCount } }) => {
    const stopped = new AbortController()
    const removeRoutes = addRoutes(routes, hlsRoutes(context, { segmentDurationMs: segmentDuration, segmentCount }, stopped.signal))
    return {
      ports: {},
      close: async () => {
        removeRoutes()
        stopped.abort()
      },
    }
  },
}
