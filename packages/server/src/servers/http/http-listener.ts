import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ListenError } from '../../net/listen-error.ts'

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
const MAX_CONNECTIONS = 10_000
/** What is still being answered when the server closes gets this long. */
const CLOSE_GRACE_MS = 1000

export type HttpPort = {
  readonly port: number
  /** For the message when the port is taken: `HLS`. */
  readonly protocol: string
  /** Configuration key to change then: `hls.port`. */
  readonly key: string
}

export type HttpListener = { readonly port: number; close(): Promise<void> }

/** @throws ListenError */
export const listenHttp = (handler: RequestListener, host: string, { port, protocol, key }: HttpPort): Promise<HttpListener> => {
  const server = createServer(SERVER_OPTIONS, handler)
  server.maxHeadersCount = MAX_HEADERS
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', answerMalformed)
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(error, protocol, 'TCP', port, key)))
    server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port, close: () => closeServer(server) }))
  })
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })

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
