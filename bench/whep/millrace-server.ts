/** Started by the bench: what of Millrace takes a stream by RTSP and gives it out by WebRTC. Sends its ports to the parent. */
import { tmpdir } from 'node:os'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Log } from '@millrace/server/log/log.ts'
import { EventBus } from '@millrace/server/net/event-bus.ts'
import { OPEN_ACCESS } from '@millrace/server/net/open-access.ts'
import { ConfiguredPaths } from '@millrace/server/paths/configured-paths.ts'
import { startHttpServer } from '@millrace/server/servers/http/http-server.ts'
import { startRtspServer } from '@millrace/server/servers/rtsp/rtsp-server.ts'
import { startWebRtcServer } from '@millrace/server/servers/webrtc/server.ts'

/** What the parent gets to know. */
export type ServerPorts = { readonly rtsp: number; readonly http: number }

const HOST = '127.0.0.1'
const nothing = (): void => {}
const complain = (_fields: object, message: string): void => console.error(message)
const log: Log = { debug: nothing, info: nothing, warn: complain, error: complain, child: () => log }

const hub = new Hub({ converters: rtpConverters, republishGraceMs: 10_000 })
const context = {
  hub,
  log: { ...log, warn: nothing },
  paths: new ConfiguredPaths(hub),
  events: new EventBus(console.error),
  access: OPEN_ACCESS,
  countFault: (_protocol: string, code: string) => console.error(`a fault of a peer: ${code}`),
}
const webrtc = await startWebRtcServer(context, { host: HOST, port: 0 })
const http = await startHttpServer(context, { host: HOST, port: 0, routes: webrtc.routes, pagesDir: tmpdir() })
const rtsp = await startRtspServer(context, { host: HOST, port: 0, rtpPort: 0, rtcpPort: 0 })
process.send?.({ rtsp: rtsp.port, http: http.port } satisfies ServerPorts)
process.once('SIGTERM', () => {
  hub.close()
  void Promise.all([webrtc.close(), http.close(), rtsp.close()]).then(() => process.exit())
})
