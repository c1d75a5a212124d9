/** Started by the bench: what of Millrace takes a stream by RTSP and gives it out by WebRTC. Sends its ports to the parent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHistogram } from 'node:perf_hooks'
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

/**
 * CPU time of the server's thread between two looks, a millisecond or more apart, since it was asked before. That is how long its own work
 * holds up a packet, whatever else the machine does; a packet's delay also has in it that the thread waits for a core.
 */
export type HeldUp = { readonly p99Ms: number; readonly longestMs: number }

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
/** The server reads all files of its pages at the start; there are none. */
const pagesDir = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const webrtc = await startWebRtcServer(context, { host: HOST, port: 0 })
const http = await startHttpServer(context, { host: HOST, port: 0, routes: webrtc.routes, pagesDir })
const rtsp = await startRtspServer(context, { host: HOST, port: 0, rtpPort: 0, rtcpPort: 0 })
process.send?.({ rtsp: rtsp.port, http: http.port } satisfies ServerPorts)
rmSync(pagesDir, { recursive: true })
const heldUpUs = createHistogram()
let looked = process.threadCpuUsage()
setInterval(() => {
  const now = process.threadCpuUsage()
  heldUpUs.record(Math.max(1, Math.round(now.user + now.system - looked.user - looked.system)))
  looked = now
}, 1)
process.on('message', () => {
  process.send?.({ p99Ms: heldUpUs.percentile(99) / 1000, longestMs: heldUpUs.max / 1000 } satisfies HeldUp)
  heldUpUs.reset()
})
process.once('SIGTERM', () => {
  hub.close()
  void Promise.all([webrtc.close(), http.close(), rtsp.close()]).then(() => process.exit())
})
