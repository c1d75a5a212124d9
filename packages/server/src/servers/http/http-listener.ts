import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { ConnectionGuard } from '../../net/connection-guard.ts'
import { listenTcp } from '../../net/tcp-listener.ts'
import { followIdentity, type TlsIdentity, tlsOptions } from '../../net/tls-identity.ts'

const SERVER_OPTIONS = {
  /** Request line and headers together, in bytes; more is answered with 431. */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** The whole request with its body. */
  requestTimeout: 30_000,
  /** Longer than HLS players wait between two requests. */
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5000,
} as const
const MAX_HEADERS = 100
/** What is still being answered when the server closes gets this long. */
const CLOSE_GRACE_MS = 1000

export type HttpPort = {
  readonly port: number
  /** For the message when the port is taken: `HLS`. */
  readonly protocol: string
  /** Configuration key to change then: `hls.port`. */
  readonly key: string
}

/** HTTPS on the same port: a client that begins with TLS gets it. */
export type HttpTls = {
  readonly identity: TlsIdentity
  /** Clients without TLS are sent to the same URL with it. */
  readonly strict: boolean
}

export type HttpListenerOptions = HttpPort & { readonly host: string; readonly guard?: ConnectionGuard | undefined; readonly tls?: HttpTls | undefined }

export type HttpListener = { readonly port: number; close(): Promise<void> }

/** The first byte of a TLS record with a handshake, RFC 8446 section 5.1. */
const TLS_HANDSHAKE = 0x16

/**
 * Listens for HTTP, and for HTTPS on the same port.
 * @throws ListenError
 */
export const listenHttp = async (handler: RequestListener, { tls, ...options }: HttpListenerOptions): Promise<HttpListener> => {
  const plain = prepared(createServer(SERVER_OPTIONS, tls?.strict ? redirectToTls : handler))
  const secure = tls && prepared(createSecureServer({ ...SERVER_OPTIONS, ...tlsOptions(tls.identity) }, handler))
  if (secure && tls) {
    secure.on('tlsClientError', (_error, socket) => socket.destroy())
    followIdentity(secure, tls.identity)
  }
  const silent = new Set<Socket>()
  const listener = await listenTcp({ ...options, noDelay: true }, (socket) => {
    if (secure) chooseByFirstByte(socket, silent, plain, secure)
    else plain.emit('connection', socket)
  })
  return {
    port: listener.port,
    close: async () => {
      const closed = listener.close()
      for (const socket of silent) socket.destroy()
      for (const server of [plain, secure]) server?.closeIdleConnections()
      const timer = setTimeout(() => {
        for (const server of [plain, secure]) server?.closeAllConnections()
      }, CLOSE_GRACE_MS)
      await closed
      clearTimeout(timer)
      // These listen on nothing themselves; this ends their timers.
      for (const server of [plain, secure]) server?.close()
    },
  }
}

const prepared = <S extends Server>(server: S): S => {
  server.maxHeadersCount = MAX_HEADERS
  server.on('clientError', answerMalformed)
  // It listens on nothing itself, but from this event on it knows its connections: without, no timeout of SERVER_OPTIONS holds and none is closed.
  server.emit('listening')
  return server
}

/** @param silent those that have said nothing yet */
const chooseByFirstByte = (socket: Socket, silent: Set<Socket>, plain: Server, secure: Server): void => {
  const abandon = (): void => void socket.destroy()
  const forget = (): void => void silent.delete(socket)
  silent.add(socket)
  socket.setTimeout(SERVER_OPTIONS.headersTimeout, abandon)
  socket.on('error', abandon)
  socket.once('close', forget)
  socket.once('data', (bytes: Buffer) => {
    socket.pause()
    forget()
    socket.setTimeout(0)
    socket.off('timeout', abandon).off('error', abandon).off('close', forget)
    socket.unshift(bytes)
    const server = bytes[0] === TLS_HANDSHAKE ? secure : plain
    server.emit('connection', socket)
    process.nextTick(() => socket.resume())
  })
}

const redirectToTls: RequestListener = (request, response) => {
  const { host } = request.headers
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) response.writeHead(400).end()
  else response.writeHead(308, { location: `https://${host}${request.url ?? '/'}`, 'content-length': '0' }).end()
}

/** What the HTTP parser refuses gets an answer too, where the connection still takes one. */
const answerMalformed = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, detail] = malformedAnswer(error.code)
  const body = JSON.stringify({ status: Number.parseInt(status, 10), title: status.slice(4), detail })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    // Who does not read the answer must not keep the socket.
    () => socket.destroy(),
  )
}

const malformedAnswer = (code: string | undefined): readonly [status: string, detail: string] => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', `The request line and headers may have ${SERVER_OPTIONS.maxHeaderSize} bytes together.`]
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'The request did not arrive in time.']
    default:
      return ['400 Bad Request', 'What came is not an HTTP/1.1 request.']
  }
}
