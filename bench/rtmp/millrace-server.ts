/** Started by the bench: Millrace's RTMP server alone. Prints its port. */
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Log } from '@millrace/server/log/log.ts'
import { startRtmpServer } from '@millrace/server/servers/rtmp/server.ts'

const noPackets = (): never => {
  throw new Error('the bench reads units only')
}

const nothing = (): void => {}
const complain = (_fields: object, message: string): void => console.error(message)
const log: Log = { debug: nothing, info: nothing, warn: complain, error: complain, child: () => log }

const hub = new Hub({ converters: { makePacketizer: noPackets, makeDepacketizer: noPackets }, republishGraceMs: 10_000 })
const server = await startRtmpServer({ hub, log, countFault: nothing }, { host: '127.0.0.1', port: 0 })
console.log(server.port)
process.once('SIGTERM', () => {
  hub.close()
  void server.close().then(() => process.exit())
})
