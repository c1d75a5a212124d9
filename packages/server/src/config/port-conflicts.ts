import type { KeyPath } from './config-error.ts'
import type { Config } from './schema.ts'

type Use = { readonly key: KeyPath; readonly transport: 'TCP' | 'UDP'; readonly port: number; readonly on: boolean }

/** Ports that two servers would want: the later key first. Ports of servers that are off, and 0, are in nobody's way. */
export const portConflicts = ({ rtsp, rtmp, hls, webrtc, api, metrics }: Config): { key: KeyPath; other: KeyPath; transport: string; port: number }[] => {
  const uses: Use[] = [
    { key: ['rtsp', 'port'], transport: 'TCP', port: rtsp.port, on: rtsp.enabled && rtsp.encryption !== 'strict' },
    { key: ['rtsp', 'tlsPort'], transport: 'TCP', port: rtsp.tlsPort, on: rtsp.enabled && rtsp.encryption !== 'no' },
    { key: ['rtmp', 'port'], transport: 'TCP', port: rtmp.port, on: rtmp.enabled && rtmp.encryption !== 'strict' },
    { key: ['rtmp', 'tlsPort'], transport: 'TCP', port: rtmp.tlsPort, on: rtmp.enabled && rtmp.encryption !== 'no' },
    { key: ['hls', 'port'], transport: 'TCP', port: hls.port, on: hls.enabled },
    { key: ['webrtc', 'port'], transport: 'TCP', port: webrtc.port, on: webrtc.enabled || hls.enabled },
    { key: ['api', 'port'], transport: 'TCP', port: api.port, on: api.enabled },
    { key: ['metrics', 'port'], transport: 'TCP', port: metrics.port, on: metrics.enabled },
    { key: ['rtsp', 'rtpPort'], transport: 'UDP', port: rtsp.rtpPort, on: rtsp.enabled },
    { key: ['rtsp', 'rtcpPort'], transport: 'UDP', port: rtsp.rtcpPort, on: rtsp.enabled },
    { key: ['webrtc', 'icePort'], transport: 'TCP', port: webrtc.icePort, on: webrtc.enabled },
    { key: ['webrtc', 'icePort'], transport: 'UDP', port: webrtc.icePort, on: webrtc.enabled },
  ]
  const wanted = uses.filter(({ port, on }) => on && port !== 0)
  return wanted.flatMap(({ key, transport, port }, index) => {
    const first = wanted.slice(0, index).find((use) => use.transport === transport && use.port === port)
    return first ? [{ key, other: first.key, transport, port }] : []
  })
}
