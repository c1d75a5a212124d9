import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { DEFAULT_READER_QUEUE_LIMITS, type ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { ListenError } from '../../net/listen-error.ts'
import { LINGER_MS, RtmpConn } from './conn.ts'

export type RtmpServerOptions = {
  /** Address to listen on; undefined for all. */
  readonly host?: string | undefined
  /** 0 for any free port. */
  readonly port: number
  /** How much a player may fall behind; the hub's default if absent. */
  readonly queueLimits?: ReaderQueueLimits | undefined
}

const QUEUE_CHECK_MS = 1000
const KEEP_ALIVE_MS = 15_000

/**
 * Publishing and playing by RTMP.
 * @throws ListenError if the port cannot be used
 */
export const startRtmpServer = async (context: ServerContext, options: RtmpServerOptions): Promise<Running & { readonly port: number }> => {
  const { host, port, queueLimits = DEFAULT_READER_QUEUE_LIMITS } = options
  const conns = new Set<RtmpConn>()
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    const conn = new RtmpConn(socket, context, queueLimits)
    conns.add(conn)
    socket.on('close', () => conns.delete(conn))
  })
  await listen(server, host, port)
  const queueTimer = setInterval(() => {
    const nowMs = monotonicMs()
    for (const conn of conns) conn.checkQueue(nowMs)
  }, QUEUE_CHECK_MS)
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      clearInterval(queueTimer)
      const closed = once(server, 'close')
      server.close()
      for (const conn of conns) conn.stop('the server is stopping')
      const impatience = setTimeout(() => {
        for (const conn of conns) conn.destroy()
      }, LINGER_MS)
      await closed
      clearTimeout(impatience)
    },
  }
}

const listen = (server: Server, host: string | undefined, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(error, 'RTMP', 'TCP', port, 'rtmp.port')))
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve)
  })
