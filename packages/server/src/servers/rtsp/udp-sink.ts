import type { RtspSink } from '@millrace/media/bridges/rtsp/rtsp-reader.ts'
import type { Track } from '@millrace/media/hub/track.ts'
import type { Pair } from '@millrace/media/protocols/rtsp/transport.ts'
import type { UdpPair } from './udp-pair.ts'

/** How often a backlog is sent on, in milliseconds. */
const PACE_MS = 5
/** Bytes of one go: what the smallest receive buffers of players hold. */
const PACE_BYTES = 16 * 1024
/** A backlog is gone after about this many goes, however large it was. */
const PACE_GOES = 100

/** A reader that gets its packets by UDP. */
export class UdpSink implements RtspSink {
  bytesOut = 0
  packetsOut = 0
  readonly #udp: UdpPair
  readonly #address: string
  readonly #ports: ReadonlyMap<number, Pair>
  /** Packets that wait, since a cache sent at once would overflow the player's socket. */
  #backlog: { readonly port: number; readonly rtp: Uint8Array }[] = []
  #backlogBytes = 0
  #timer: NodeJS.Timeout | undefined

  /** @param ports the client's, by track index */
  constructor(udp: UdpPair, address: string, ports: ReadonlyMap<number, Pair>) {
    this.#udp = udp
    this.#address = address
    this.#ports = ports
  }

  /** What follows now, and as long as anything waits, is spread over time. */
  pace(): void {
    this.#timer ??= setInterval(this.#sendOn, PACE_MS)
  }

  sendRtp(track: Track, _frame: Uint8Array, rtp: Uint8Array): void {
    const port = this.#ports.get(track.index)?.[0]
    if (port === undefined) return
    if (this.#timer === undefined) this.#send(port, rtp)
    else {
      this.#backlog.push({ port, rtp })
      this.#backlogBytes += rtp.length
    }
  }

  sendRtcp(track: Track, rtcp: Uint8Array): void {
    const port = this.#ports.get(track.index)?.[1]
    if (port === undefined) return
    this.bytesOut += rtcp.length
    this.#udp.rtcp.send(rtcp, port, this.#address)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#backlog = []
    this.#backlogBytes = 0
  }

  readonly #sendOn = (): void => {
    const enough = Math.max(PACE_BYTES, this.#backlogBytes / PACE_GOES)
    let bytes = 0
    let count = 0
    for (; count < this.#backlog.length && bytes < enough; count++) {
      const { port, rtp } = this.#backlog[count] as { port: number; rtp: Uint8Array }
      this.#send(port, rtp)
      bytes += rtp.length
    }
    this.#backlog.splice(0, count)
    this.#backlogBytes -= bytes
    if (this.#backlog.length === 0) this.close()
  }

  #send(port: number, rtp: Uint8Array): void {
    this.bytesOut += rtp.length
    this.packetsOut++
    this.#udp.rtp.send(rtp, port, this.#address)
  }
}
