import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { DEFAULT_READER_QUEUE_LIMITS, type ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { listenBeside, listenTcp } from '../../net/tcp-listener.ts'
import type { TlsIdentity } from '../../net/tls-identity.ts'
import type { RtspParts } from './parts.ts'
import { RtspConn } from './rtsp-conn.ts'
import { UdpPair } from './udp-pair.ts'

export type RtspServerSettings = {
  readonly host: string
  /** 0 for any free one; undefined for none, where only RTSPS is wanted. */
  readonly port?: number | undefined
  /** RTSPS: RTSP in TLS, with media interleaved. */
  readonly tls?: { readonly port: number; readonly identity: TlsIdentity } | undefined
  /** 0 for any free pair. */
  readonly rtpPort: number
  readonly rtcpPort: number
  readonly queueLimits?: ReaderQueueLimits
}

/** The ports that were taken; 0 where it is not listened. */
export type RtspPorts = { readonly port: number; readonly tlsPort: number; readonly rtpPort: number; readonly rtcpPort: number }

const TICK_MS = 1000
/** How long clients have to take what was sent before, when the server stops. */
const CLOSE_TIMEOUT_MS = 1500

/**
 * Takes publishers and readers over RTSP (RFC 2326), with RTP over TCP and UDP.
 * @throws ListenError
 */
export const startRtspServer = async (context: ServerContext, settings: RtspServerSettings): Promise<Running & RtspPorts> => {
  const { host, port, tls, rtpPort, rtcpPort, queueLimits = DEFAULT_READER_QUEUE_LIMITS } = settings
  const udp = await UdpPair.open(host, rtpPort, rtcpPort)
  const parts: RtspParts = {
    context,
    udp,
    queueLimits,
    output: { cname: `millrace-${randomBytes(6).toString('hex')}`, random32: () => randomBytes(4).readUInt32BE(), wallClockMs },
  }
  const conns = new Set<RtspConn>()
  const serve = (socket: Socket): void => {
    const conn = new RtspConn(parts, socket)
    conns.add(conn)
    socket.once('close', () => conns.delete(conn))
  }
  const common = { host, guard: context.guard, allowHalfOpen: true } as const
  const listen = async () => {
    const plain = port === undefined ? undefined : await listenTcp({ ...common, port, protocol: 'RTSP', key: 'rtsp.port' }, serve)
    const secure = tls && (await listenBeside(plain, { ...common, port: tls.port, protocol: 'RTSPS', key: 'rtsp.tlsPort', tls: tls.identity }, serve))
    return { plain, secure }
  }
  const { plain, secure } = await listen().catch(async (error) => {
    await udp.close()
    throw error
  })
  const timer = setInterval(() => {
    const nowMs = monotonicMs()
    for (const conn of conns) conn.tick(nowMs)
  }, TICK_MS)

  return {
    port: plain?.port ?? 0,
    tlsPort: secure?.port ?? 0,
    rtpPort: udp.rtp.port,
    rtcpPort: udp.rtcp.port,
    close: async () => {
      clearInterval(timer)
      const closed = Promise.all([plain?.close(), secure?.close()])
      for (const conn of conns) conn.close('the server is stopping')
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())])
      await udp.close()
    },
  }
}
