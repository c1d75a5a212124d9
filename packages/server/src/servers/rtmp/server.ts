import type { Socket } from 'node:net'
import { DEFAULT_READER_QUEUE_LIMITS, type ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { listenBeside, listenTcp } from '../../net/tcp-listener.ts'
import type { TlsIdentity } from '../../net/tls-identity.ts'
import { LINGER_MS, RtmpConn } from './conn.ts'

export type RtmpServerOptions = {
  /** Address to listen on; undefined for all. */
  readonly host?: string | undefined
  /** 0 for any free port; undefined for none, where only RTMPS is wanted. */
  readonly port?: number | undefined
  /** RTMPS: RTMP in TLS. */
  readonly tls?: { readonly port: number; readonly identity: TlsIdentity } | undefined
  /** How much a player may fall behind; the hub's default if absent. */
  readonly queueLimits?: ReaderQueueLimits | undefined
}

/** 0 where it is not listened on. */
export type RtmpPorts = { readonly port: number; readonly tlsPort: number }

const QUEUE_CHECK_MS = 1000

/**
 * Publishing and playing by RTMP.
 * @throws ListenError if a port cannot be used
 */
export const startRtmpServer = async (context: ServerContext, options: RtmpServerOptions): Promise<Running & RtmpPorts> => {
  const { host, port, tls, queueLimits = DEFAULT_READER_QUEUE_LIMITS } = options
  const conns = new Set<RtmpConn>()
  const serve = (socket: Socket): void => {
    const conn = new RtmpConn(socket, context, queueLimits)
    conns.add(conn)
    socket.on('close', () => conns.delete(conn))
  }
  const common = { host, guard: context.guard, noDelay: true } as const
  const plain = port === undefined ? undefined : await listenTcp({ ...common, port, protocol: 'RTMP', key: 'rtmp.port' }, serve)
  const secure = tls && (await listenBeside(plain, { ...common, port: tls.port, protocol: 'RTMPS', key: 'rtmp.tlsPort', tls: tls.identity }, serve))
  const queueTimer = setInterval(() => {
    const nowMs = monotonicMs()
    for (const conn of conns) conn.checkQueue(nowMs)
  }, QUEUE_CHECK_MS)
  return {
    port: plain?.port ?? 0,
    tlsPort: secure?.port ?? 0,
    close: async () => {
      clearInterval(queueTimer)
      const closed = Promise.all([plain?.close(), secure?.close()])
      for (const conn of conns) conn.stop('the server is stopping')
      const impatience = setTimeout(() => {
        for (const conn of conns) conn.destroy()
      }, LINGER_MS)
      await closed
      clearTimeout(impatience)
    },
  }
}
