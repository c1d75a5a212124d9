import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import fastify from 'fastify'
import type { Log } from '../../src/log/log.ts'
import { NO_GRANT } from '../../src/net/http-route.ts'
import { startWebRtcServer, type WebRtcServer, type WebRtcServerOptions } from '../../src/servers/webrtc/server.ts'
import { makeServerContext } from '../server-context.ts'

/** WebRTC alone, with as much HTTP as it needs. */
export type WhepServer = {
  readonly hub: Hub
  readonly webrtc: WebRtcServer
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Codes of peers' faults, in order. */
  readonly faults: string[]
  /** Warnings of the log. */
  readonly warnings: string[]
  close(): Promise<void>
}

export const startWhepServer = async (options: Partial<WebRtcServerOptions> = {}): Promise<WhepServer> => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 5000 })
  const faults: string[] = []
  const warnings: string[] = []
  const log: Log = { debug() {}, info() {}, warn: (_fields, message) => warnings.push(message), error() {}, child: () => log }
  const webrtc = await startWebRtcServer(makeServerContext({ hub, log, countFault: (_protocol, code) => faults.push(code) }), {
    host: '127.0.0.1',
    port: 0,
    ...options,
  })
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.get('/', (_request, reply) => reply.type('text/html').send('<!doctype html><title>a page of this origin</title>'))
  app.all('/:path/*', (request, reply) => {
    const { path = '', '*': tail = '' } = request.params as { path?: string; '*'?: string }
    const route = webrtc.routes.find((candidate) => candidate.tail.test(tail))
    const match = route?.tail.exec(tail)
    return route && match ? route.handle(request, reply, path, match, NO_GRANT) : reply.code(404).send()
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    hub,
    webrtc,
    url,
    faults,
    warnings,
    close: async () => {
      hub.close()
      await webrtc.close()
      await app.close()
    },
  }
}
