import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts'
import { headerOf, type RtspHeader } from './headers.ts'

/** Start line and headers together, in bytes. */
export const MAX_HEAD_BYTES = 16 * 1024
export const MAX_HEADERS = 64
/** Longest body, in bytes: descriptions and parameters are far shorter. */
export const MAX_BODY_BYTES = 128 * 1024

/** RFC 2326 section 6. */
export type RtspRequest = {
  readonly type: 'request'
  readonly method: string
  readonly url: string
  readonly headers: readonly RtspHeader[]
  readonly body: Uint8Array
}

/** RFC 2326 section 7. */
export type RtspResponse = {
  readonly type: 'response'
  readonly status: number
  readonly reason: string
  readonly headers: readonly RtspHeader[]
  readonly body: Uint8Array
}

export type RtspMessage = RtspRequest | RtspResponse

export const NO_BODY = new Uint8Array(0)

/**
 * Reads the start line and the headers, without the body.
 * @param head up to and with the empty line
 * @throws ProtocolError `rtsp/bad-start-line`, `rtsp/not-rtsp`, `rtsp/bad-header`, `rtsp/too-many-headers`
 */
export const decodeHead = (head: Uint8Array): RtspMessage => {
  const lines = decodeUtf8(head).split(/\r?\n/)
  const start = lines[0] as string
  const headers = decodeHeaders(lines)

  const response = /^RTSP\/\d\.\d (\d{3})(?: (.*))?$/.exec(start)
  if (response) return { type: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body: NO_BODY }

  const request = /^([A-Z_]{1,32}) (\S+) (RTSP|HTTP)\/\d\.\d\s*$/.exec(start)
  if (!request) throw new ProtocolError('rtsp/bad-start-line', `${quote(start)} instead of "METHOD rtsp://host/path RTSP/1.0" or "RTSP/1.0 status reason"`)
  if (request[3] === 'HTTP') throw new ProtocolError('rtsp/not-rtsp', `${quote(start)} is HTTP: this port speaks RTSP`)
  return { type: 'request', method: request[1] as string, url: request[2] as string, headers, body: NO_BODY }
}

/**
 * Length of the body that follows a head, in bytes.
 * @throws ProtocolError `rtsp/bad-header`, `rtsp/body-too-long`
 */
export const bodyLength = (head: RtspMessage): number => {
  const text = headerOf(head, 'Content-Length')
  if (text === undefined) return 0
  if (!/^\d{1,9}$/.test(text)) throw new ProtocolError('rtsp/bad-header', `Content-Length: ${quote(text)} instead of a number of bytes`)
  if (Number(text) > MAX_BODY_BYTES) throw new ProtocolError('rtsp/body-too-long', `body of ${text} bytes: ${MAX_BODY_BYTES} are the most`)
  return Number(text)
}

/** Writes a message; `Content-Length` is added where there is a body. */
export const encodeMessage = (message: RtspMessage): Uint8Array => {
  const start = message.type === 'request' ? `${message.method} ${message.url} RTSP/1.0` : `RTSP/1.0 ${message.status} ${printable(message.reason)}`
  let head = `${start}\r\n`
  for (const [name, value] of message.headers) if (!isContentLength(name)) head += `${name}: ${printable(value)}\r\n`
  if (message.body.length > 0) head += `Content-Length: ${message.body.length}\r\n`
  const headBytes = encodeUtf8(`${head}\r\n`)
  if (message.body.length === 0) return headBytes
  const bytes = new Uint8Array(headBytes.length + message.body.length)
  bytes.set(headBytes)
  bytes.set(message.body, headBytes.length)
  return bytes
}

const decodeHeaders = (lines: readonly string[]): RtspHeader[] => {
  const headers: RtspHeader[] = []
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string
    if (line === '') continue
    const last = headers.at(-1)
    if (last && /^[ \t]/.test(line)) {
      // A folded header goes on in the next line, RFC 2326 section 15.
      headers[headers.length - 1] = [last[0], `${last[1]} ${line.trim()}`.trim()]
      continue
    }
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*:(.*)$/s.exec(line) ?? []
    if (name === undefined || value === undefined) throw new ProtocolError('rtsp/bad-header', `line ${i + 1} is ${quote(line)} instead of "Name: value"`)
    if (headers.length === MAX_HEADERS) throw new ProtocolError('rtsp/too-many-headers', `message with more than ${MAX_HEADERS} headers`)
    headers.push([name, value.trim()])
  }
  return headers
}

const isContentLength = (name: string): boolean => name.toLowerCase() === 'content-length'

/** Line ends would begin a new header. */
const printable = (text: string): string => text.replace(/[\r\n]+/g, ' ')

const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
