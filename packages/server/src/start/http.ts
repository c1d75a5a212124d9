import { fileURLToPath } from 'node:url'
import { startHttpServer } from '../servers/http/http-server.ts'
import type { Listener } from './listener.ts'
import { httpTls } from './tls-options.ts'

const PAGES_DIR = fileURLToPath(new URL('../../../../apps/web/dist', import.meta.url))

/** The ports of the web pages, of signalling and of HLS. Media by WebRTC goes on without them. */
export const httpListener: Listener = {
  name: 'http',
  settings: ({ host, tls, hls, webrtc }) =>
    hls.enabled || webrtc.enabled
      ? {
          host,
          tls,
          pages: { port: webrtc.port, ...tlsKeys(webrtc) },
          hls: hls.enabled && { port: hls.port, ...tlsKeys(hls) },
        }
      : undefined,
  start: async ({ context, identities, routes, ports }, { host, hls, webrtc }) => {
    const server = await startHttpServer(context, {
      host,
      port: webrtc.port,
      tls: httpTls(webrtc, identities),
      extraPorts: hls.enabled ? [{ port: hls.port, protocol: 'HLS', key: 'hls.port', tls: httpTls(hls, identities) }] : [],
      routes,
      pagesDir: PAGES_DIR,
      publishPorts: ports,
    })
    return { ports: { webrtc: server.port, ...(hls.enabled && { hls: server.extraPorts[0] ?? 0 }) }, close: () => server.close() }
  },
}

const tlsKeys = <T extends { encryption: string; certificate?: string | undefined; key?: string | undefined }>({ encryption, certificate, key }: T) => ({
  encryption,
  certificate,
  key,
})
