import type { Running, ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import type { IceServer } from './ice-server.ts'
import { type WebRtcOptions, WebRtcTransport } from './webrtc-transport.ts'
import { whepRoutes } from './whep-routes.ts'
import { whipRoutes } from './whip-routes.ts'

export type WebRtcServerOptions = WebRtcOptions & {
  /** What players are told of, in `Link`. */
  readonly iceServers?: readonly IceServer[]
}

export type WebRtcServer = Running & {
  /** The UDP port of the media. */
  readonly port: number
  /** Sessions that exist, connected or not. */
  readonly sessions: number
  /** WHEP and WHIP, to be answered by the HTTP server. */
  readonly routes: readonly PathRoute[]
}

/** @throws ListenError if the UDP port is taken */
export const startWebRtcServer = async (context: ServerContext, options: WebRtcServerOptions): Promise<WebRtcServer> => {
  const transport = await WebRtcTransport.start(context, options)
  return {
    port: transport.port,
    get sessions() {
      return transport.sessions
    },
    routes: [whepRoutes, whipRoutes].flatMap((routes) => routes(context, transport, options.iceServers ?? [])),
    close: () => transport.close(),
  }
}
