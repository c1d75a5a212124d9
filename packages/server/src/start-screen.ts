import type { Ports } from './start/listener.ts'

export type StartScreen = {
  readonly version: string
  readonly ports: Readonly<Ports>
  /** Address that is listened on. */
  readonly host: string
  /** Addresses of this machine in its networks, for `host: 0.0.0.0`. */
  readonly networkAddresses: readonly string[]
  readonly demo: boolean
  /** Whether the pages are there by HTTPS: with a certificate that the server made, with another, or not at all. */
  readonly https: 'self-made' | 'configured' | 'off'
  /** Who knows the users, `auth.method`. */
  readonly access: 'internal' | 'jwt' | 'http'
  /** Of the user `admin`, where this start made it. */
  readonly administratorPassword?: string | undefined
  /** The configuration that was read, or undefined. */
  readonly configFile: string | undefined
  /** Where it was looked for. */
  readonly configPlaces: readonly string[]
}

const WILDCARDS = new Set(['0.0.0.0', '::'])
const LOOPBACK = /^(?:127\.|::1$|localhost$)/

/** The screen that `npm start` prints when all is running: what to watch, how to publish, where the configuration is. */
export const startScreen = (screen: StartScreen): string => {
  const host = urlHost(screen.host)
  // The last three belong together: one screen has no room for a line between them.
  const operation = [...administrator(screen), ...manage(screen), ...configuration(screen)]
  const sections = [watch(screen, host), publish(screen.ports, host), reach(screen), operation]
  const lines = [`Millrace ${screen.version} is running. Ctrl-C stops it.`, ...sections.filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines])]
  return `${lines.join('\n')}\n`
}

/** The host of URLs to copy: this machine itself where all addresses are listened on. */
const urlHost = (host: string): string => {
  const address = WILDCARDS.has(host) ? '127.0.0.1' : host
  return address.includes(':') ? `[${address}]` : address
}

const titled = (title: string, rows: readonly string[]): string[] => rows.map((row, index) => `${(index === 0 ? title : '').padEnd(9)}${row}`.trimEnd())

const watch = ({ ports, demo }: StartScreen, host: string): string[] => {
  const page = ports.webrtc
  if (page === undefined) return []
  const rows = [`http://${host}:${page}/         all live streams`]
  if (demo) rows.unshift(`http://${host}:${page}/demo     in a browser`)
  return titled('Watch', rows)
}

const X264 = '-c:v libx264 -tune zerolatency -g 60'

const publish = ({ webrtc, rtmp, rtsp }: Readonly<Ports>, host: string): string[] => {
  const rows: string[] = []
  if (webrtc !== undefined) rows.push(`a browser  http://${host}:${webrtc}/live/me/publish`)
  if (rtmp !== undefined) {
    rows.push(`OBS        Settings, Stream, Service: Custom; Server: rtmp://${host}:${rtmp}/live  Stream Key: obs`)
    rows.push(`ffmpeg     ffmpeg -re -i video.mp4 ${X264} -c:a aac -f flv rtmp://${host}:${rtmp}/live/video`)
  }
  if (rtsp !== undefined) {
    rows.push(`           ffmpeg -re -i video.mp4 ${X264} -c:a libopus -f rtsp rtsp://${host}:${rtsp}/video`)
    rows.push(
      `GStreamer  gst-launch-1.0 videotestsrc is-live=true ! video/x-raw,format=I420 ! x264enc tune=zerolatency ! rtspclientsink location=rtsp://${host}:${rtsp}/test`,
    )
  }
  return titled('Publish', rows)
}

/** More than these are of containers and virtual machines mostly. */
const MAX_ADDRESSES = 3

const reach = ({ host, networkAddresses, ports, https, access, configFile, configPlaces }: StartScreen): string[] => {
  if (LOOPBACK.test(host)) {
    return titled('Others', [`only this machine can connect; for others write "host: 0.0.0.0" into ${configFile ?? configPlaces[0]}`])
  }
  const addresses = (WILDCARDS.has(host) ? networkAddresses : [host]).slice(0, MAX_ADDRESSES)
  const port = ports.webrtc
  const rows: string[] = []
  if (port !== undefined && addresses.length > 0) {
    const scheme = https === 'off' ? 'http' : 'https'
    rows.push(addresses.map((address) => `${scheme}://${urlHost(address)}:${port}/`).join('  '))
    if (https === 'self-made') rows.push('(cameras and microphones need https; this certificate is self-made, so browsers ask once: set tls for one of yours)')
    if (https === 'off') rows.push('(browsers give no camera or microphone to pages without https)')
  }
  rows.push(
    access === 'internal'
      ? "with a user and password: npm start -- user add NAME --read '~.*' --publish PATH"
      : `as auth.method ${access} in the configuration decides`,
  )
  return titled('Others', rows)
}

const administrator = ({ administratorPassword }: StartScreen): string[] =>
  administratorPassword === undefined
    ? []
    : titled('Access', [`user admin, password ${administratorPassword}   (shown this once; other machines need it, this one does not)`])

const manage = ({ ports: { api, metrics } }: StartScreen): string[] => {
  const parts = ['npm start -- doctor   looks for what keeps it from working']
  if (api !== undefined) parts.push(`API port ${api}`)
  if (metrics !== undefined) parts.push(`metrics port ${metrics}`)
  return titled('Manage', [parts.join(' · ')])
}

const configuration = ({ configFile, configPlaces }: StartScreen): string[] =>
  titled('Config', [configFile ?? `none; looked for at ${configPlaces.join(' and ')}`])
