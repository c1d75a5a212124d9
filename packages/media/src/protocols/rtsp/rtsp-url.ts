import { ProtocolError } from '../../bytes/protocol-error.ts'

export const DEFAULT_RTSP_PORT = 554

/** An address to connect to, in its parts. */
export type RtspUrl = {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** For requests and logs: without the credentials. */
  readonly url: string
}

/**
 * @param text `rtsp://[user[:password]@]host[:port]/path?query`; IPv6 addresses in brackets; credentials percent-encoded where they have `@ : /`
 * @throws ProtocolError `rtsp/bad-url`, without the credentials in its message
 */
export const parseRtspUrl = (text: string): RtspUrl => {
  const [, authority, rest] = /^rtsp:\/\/([^/?#\s]+)([^#\s]*)$/i.exec(text) ?? []
  if (authority === undefined) throw new ProtocolError('rtsp/bad-url', 'the address of an RTSP source is rtsp://[user:password@]host[:port]/path')
  const at = authority.lastIndexOf('@')
  const hostPort = authority.slice(at + 1)
  const [, host, port] = /^(\[[\da-f:.%]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(hostPort) ?? []
  if (!host || Number(port ?? 1) > 65535 || Number(port ?? 1) === 0) {
    throw new ProtocolError('rtsp/bad-url', `${JSON.stringify(hostPort)} is no host with a port from 1 to 65535`)
  }
  const credentials = at < 0 ? undefined : authority.slice(0, at)
  const colon = credentials?.indexOf(':') ?? -1
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? DEFAULT_RTSP_PORT : Number(port),
    username: credentials === undefined ? undefined : percentDecode(colon < 0 ? credentials : credentials.slice(0, colon)),
    password: credentials === undefined ? undefined : percentDecode(colon < 0 ? '' : credentials.slice(colon + 1)),
    url: `rtsp://${hostPort}${rest || '/'}`,
  }
}

/** Name of the path that a request's URL means: without host, query and outer slashes, percent-decoded. */
export const pathNameOf = (url: string): string => {
  const path = url.replace(/^rtsps?:\/\/[^/?]*/i, '').replace(/\?.*$/s, '')
  return percentDecode(path.replace(/^\/+|\/+$/g, ''))
}

/** What we append to a path for its tracks. */
export const trackControl = (index: number): string => `trackID=${index}`

/**
 * Takes `/trackID=N` off the end of a SETUP's URL. Clients append it after the query string, too.
 * @returns the URL before it, and the track's index or undefined if the URL names none
 */
export const splitTrackControl = (url: string): { base: string; track: number | undefined } => {
  const [, base, index] = /^(.*?)\/trackID=(\d{1,4})\/?$/s.exec(url) ?? []
  return base === undefined ? { base: url, track: undefined } : { base, track: Number(index) }
}

/**
 * The URL of a track, RFC 2326 section C.1.1, joined as the field does it: a relative control is appended to the base after a slash,
 * query string or not.
 * @param base `Content-Base`, `Content-Location` or the request's URL
 * @param control value of `a=control`
 */
export const resolveControl = (base: string, control: string | undefined): string => {
  if (control === undefined || control === '' || control === '*') return base
  if (/^rtsps?:\/\//i.test(control)) return control
  if (control.startsWith('?') || control.startsWith('/')) return `${base.replace(/\/+$/, '')}${control}`
  return base.endsWith('/') ? `${base}${control}` : `${base}/${control}`
}

/** Whether two URLs mean the same track: hosts differ where addresses are translated, and so may the last slash. */
export const isSameTrackUrl = (a: string, b: string): boolean => withoutHost(a) === withoutHost(b)

const withoutHost = (url: string): string => url.replace(/^rtsps?:\/\/[^/?]*/i, '').replace(/^\/+|\/+$/g, '')

const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
