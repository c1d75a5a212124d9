import { hostname, networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import { dataFolder } from '../config/data-folder.ts'
import type { Config } from '../config/schema.ts'
import { readCertificateFiles } from '../tls/certificate-files.ts'
import { type Finding, fault, ok } from './finding.ts'
import { checkCertificate, checkPorts, checkReachability, type WantedPort } from './network-checks.ts'
import { checkClock, checkDisk, checkFfmpeg, checkFileLimit, checkNode, checkSocketBuffers, clockSynchronized } from './system-checks.ts'

export type DoctorOptions = {
  readonly config: Config
  /** Where it was read from; undefined if there is none. */
  readonly configFile: string | undefined
  /** Version of the Node.js that the server is tested with, with its `v`. */
  readonly testedNode: string
}

/** Looks at everything that has kept servers of media from working. */
export const examine = async ({ config, configFile, testedNode }: DoctorOptions): Promise<Finding[]> => {
  const folder = dirname(configFile ?? resolve('millrace.yml'))
  const addresses = ownAddresses()
  return [
    ok('configuration', configFile ?? 'none: the defaults hold'),
    checkNode(process.version, testedNode),
    ...(await checkPorts(wantedPorts(config), await answers(config))),
    checkReachability(
      config.host,
      addresses,
      config.webrtc.additionalHosts.map(({ address }) => address),
    ),
    ...certificates(config, folder, [hostname(), ...addresses]),
    checkFileLimit(),
    ...checkSocketBuffers(),
    checkClock(Date.now(), clockSynchronized()),
    checkDisk(dataFolder(config.dataDir, folder, process.env)),
    checkFfmpeg(),
  ]
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)

const wantedPorts = ({ host, rtsp, rtmp, hls, webrtc, api, metrics }: Config): WantedPort[] => {
  const tcp = (key: string, port: number, on: boolean, at = host) => ({ key, transport: 'TCP' as const, host: at, port, on })
  const udp = (key: string, port: number, on: boolean) => ({ key, transport: 'UDP' as const, host, port, on })
  return [
    tcp('rtsp.port', rtsp.port, rtsp.enabled && rtsp.encryption !== 'strict'),
    tcp('rtsp.tlsPort', rtsp.tlsPort, rtsp.enabled && rtsp.encryption !== 'no'),
    udp('rtsp.rtpPort', rtsp.rtpPort, rtsp.enabled),
    udp('rtsp.rtcpPort', rtsp.rtcpPort, rtsp.enabled),
    tcp('rtmp.port', rtmp.port, rtmp.enabled && rtmp.encryption !== 'strict'),
    tcp('rtmp.tlsPort', rtmp.tlsPort, rtmp.enabled && rtmp.encryption !== 'no'),
    tcp('hls.port', hls.port, hls.enabled),
    tcp('webrtc.port', webrtc.port, webrtc.enabled || hls.enabled),
    udp('webrtc.icePort', webrtc.icePort, webrtc.enabled),
    tcp('webrtc.icePort', webrtc.icePort, webrtc.enabled),
    tcp('api.port', api.port, api.enabled, api.host),
    tcp('metrics.port', metrics.port, metrics.enabled, metrics.host),
  ].filter(({ on, port }) => on && port !== 0)
}

/** Whether a Millrace runs with this configuration. */
const answers = async ({ host, webrtc }: Config): Promise<boolean> => {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  try {
    const response = await fetch(`http://${address.includes(':') ? `[${address}]` : address}:${webrtc.port}/_/paths`, { signal: AbortSignal.timeout(2000) })
    await response.body?.cancel()
    return response.headers.has('x-millrace-version') || response.ok || response.status === 401
  } catch {
    return false
  }
}

const certificates = (config: Config, folder: string, hosts: readonly string[]): Finding[] => {
  const sections = {
    tls: config.tls,
    'rtsp.certificate': config.rtsp,
    'rtmp.certificate': config.rtmp,
    'hls.certificate': config.hls,
    'webrtc.certificate': config.webrtc,
  }
  const findings = Object.entries(sections).flatMap(([key, { certificate, key: keyFile }]): Finding[] => {
    if (certificate === undefined || keyFile === undefined) return []
    try {
      const { cert } = readCertificateFiles({ certificate: resolve(folder, certificate), key: resolve(folder, keyFile) })
      return checkCertificate(`certificate (${key})`, cert, hosts, new Date())
    } catch (error) {
      return [fault(`certificate (${key})`, (error as Error).message, 'see docs/13-tls.md')]
    }
  })
  return findings.length > 0 ? findings : [ok('certificate', 'none is configured: the server makes one, which browsers ask about')]
}
