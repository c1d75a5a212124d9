import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ConnectionGuard } from './connection-guard.ts'
import { ListenError } from './listen-error.ts'
import { followIdentity, type TlsIdentity, tlsOptions } from './tls-identity.ts'

export type TcpListenerOptions = {
  /** Address to listen on; undefined for all. */
  readonly host?: string | undefined
  /** 0 for any free port. */
  readonly port: number
  /** For the message when the port is taken: `RTSP`. */
  readonly protocol: string
  /** Configuration key to change then: `rtsp.port`. */
  readonly key: string
  /** Without it, every connection is taken. */
  readonly guard?: ConnectionGuard | undefined
  /** Every connection begins with a handshake of TLS. */
  readonly tls?: TlsIdentity | undefined
  readonly allowHalfOpen?: boolean
  readonly noDelay?: boolean
}

export type TcpListener = {
  readonly port: number
  /** Takes no more connections; resolves when the last one is closed. */
  close(): Promise<void>
}

/** A peer that has vanished without a word is noticed after a few of these. */
const KEEP_ALIVE_MS = 15_000

/**
 * Listens for connections.
 * @param onSocket takes each connection that the guard admits, after the handshake where there is one
 * @throws ListenError if the port cannot be used
 */
export const listenTcp = async (options: TcpListenerOptions, onSocket: (socket: Socket) => void): Promise<TcpListener> => {
  const { host, port, protocol, key } = options
  const server = makeServer(options, onSocket)
  try {
    server.listen({ port, ...(host === undefined ? {} : { host }) })
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(error as NodeJS.ErrnoException, protocol, 'TCP', port, key)
  }
  // Of a connection that could not be taken, for want of file descriptors.
  server.on('error', () => undefined)
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** As `listenTcp`, for a second listener: the first one is closed if this one cannot be had. */
export const listenBeside = async (first: TcpListener | undefined, options: TcpListenerOptions, onSocket: (socket: Socket) => void): Promise<TcpListener> => {
  try {
    return await listenTcp(options, onSocket)
  } catch (error) {
    await first?.close()
    throw error
  }
}

const makeServer = ({ guard, tls, allowHalfOpen = false, noDelay = false }: TcpListenerOptions, onSocket: (socket: Socket) => void): Server => {
  const settings = { allowHalfOpen, noDelay, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const admit = (socket: Socket): boolean => guard?.admit(socket) ?? true
  if (!tls) return createServer(settings, (socket) => admit(socket) && onSocket(socket))
  const server = createTlsServer({ ...settings, ...tlsOptions(tls) }, onSocket)
  server.on('connection', admit)
  // Who speaks no TLS, or does not trust the certificate.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  followIdentity(server, tls)
  return server
}
