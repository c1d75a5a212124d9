import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { DEFAULT_READER_QUEUE_LIMITS, type ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { ListenError } from '../../net/listen-error.ts'
import type { RtspParts } from './parts.ts'
import { RtspConn } from './rtsp-conn.ts'
import { UdpPair } from './udp-pair.ts'

export type RtspServerSettings = {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** 0 for any free pair. */
  readonly rtpPort: number
  readonly rtcpPort: number
  readonly queueLimits?: ReaderQueueLimits
}

/** The ports that were taken. */
export type RtspPorts = { readonly port: number; readonly rtpPort: number; readonly rtcpPort: number }

const TICK_MS = 1000
/** How long clients have to take what was sent before, when the server stops. */
const CLOSE_TIMEOUT_MS = 1500

/**
 * Takes publishers and readers over RTSP (RFC 2326), with RTP over TCP and UDP.
 * @throws ListenError
 */
export const startRtspServer = async (context: ServerContext, settings: RtspServerSettings): Promise<Running & RtspPorts> => {
  const { host, port, rtpPort, rtcpPort, queueLimits = DEFAULT_READER_QUEUE_LIMITS } = settings
  const udp = await UdpPair.open(host, rtpPort, rtcpPort)
  const parts: RtspParts = {
    context,
    udp,
    queueLimits,
    output: { cname: `millrace-${randomBytes(6).toString('hex')}`, random32: () => randomBytes(4).readUInt32BE(), wallClockMs },
  }
  const conns = new Set<RtspConn>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const conn = new RtspConn(parts, socket)
    conns.add(conn)
    socket.once('close', () => conns.delete(conn))
  })
  const listeningPort = await listen(server, host, port).catch(async (error) => {
    await udp.close()
    throw error
  })
  const timer = setInterval(() => {
    const nowMs = monotonicMs()
    for (const conn of conns) conn.tick(nowMs)
  }, TICK_MS)

  return {
    port: listeningPort,
    rtpPort: udp.rtp.port,
    rtcpPort: udp.rtcp.port,
    close: async () => {
      clearInterval(timer)
      const closed = once(server, 'close')
      server.close()
      for (const conn of conns) conn.close('the server is stopping')
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())])
      await udp.close()
    },
  }
}

const listen = async (server: Server, host: string, port: number): Promise<number> => {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(error as NodeJS.ErrnoException, 'RTSP', 'TCP', port, 'rtsp.port')
  }
  server.on('error', () => undefined)
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}
