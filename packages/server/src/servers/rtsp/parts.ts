import type { RtspOutputOptions } from '@millrace/media/bridges/rtsp/from-hub.ts'
import type { ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import type { ServerContext } from '../../net/context.ts'
import type { UdpPair } from './udp-pair.ts'

/** What all connections of one server share. */
export type RtspParts = {
  readonly context: ServerContext
  readonly udp: UdpPair
  readonly output: RtspOutputOptions
  readonly queueLimits: ReaderQueueLimits
}

/** Who is at the other end. */
export type Remote = {
  /** As the sockets give it. */
  readonly address: string
  /** `address:port`, for people. */
  readonly label: string
}

export const remoteOf = (address: string, port: number): Remote => {
  // An IPv4 client of an IPv6 socket.
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  return { address, label: plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}` }
}
