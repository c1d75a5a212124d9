import { type KnownMedia, sortMedia } from '@millrace/media/bridges/rtsp/codec-of-media.ts'
import { RtspReceiver } from '@millrace/media/bridges/rtsp/to-hub.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { Publication, Publisher } from '@millrace/media/hub/hub.ts'
import { encodeInterleaved } from '@millrace/media/protocols/rtsp/interleaved.ts'
import type { SetupTrack } from '@millrace/media/protocols/rtsp/server-tracks.ts'
import type { Pair } from '@millrace/media/protocols/rtsp/transport.ts'
import type { SessionDescription } from '@millrace/media/protocols/sdp/sdp.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters } from '../../net/session-probe.ts'
import type { TcpWriter } from '../../net/tcp-writer.ts'
import type { Remote, RtspParts } from './parts.ts'

/** How often packets that UDP lost are given up, in milliseconds. */
const EXPIRE_MS = 50
/** RFC 3550 section 6.2. */
const RECEIVER_REPORT_INTERVAL_MS = 5000

/** The publishing side of a connection, from ANNOUNCE to its end. */
export class Publishing {
  readonly path: string
  readonly #parts: RtspParts
  readonly #remote: Remote
  readonly #known: readonly KnownMedia[]
  readonly #onUdpPacket: (nowMs: number) => void
  readonly #registered: Pair[] = []
  #tracks: readonly SetupTrack[] = []
  #publication: Publication | undefined
  #receiver: RtspReceiver | undefined
  #expireTimer: NodeJS.Timeout | undefined
  #reportedMs = 0
  #udpBytesIn = 0
  #udpBytesOut = 0

  /**
   * @param onUdpPacket told of each packet that comes by UDP
   * @throws ProtocolError `path/no-tracks`, and those of `PathDirectory.checkPublish`
   */
  constructor(parts: RtspParts, path: string, remote: Remote, description: SessionDescription, onUdpPacket: (nowMs: number) => void) {
    parts.context.paths.checkPublish(path)
    this.path = path
    this.#parts = parts
    this.#remote = remote
    this.#onUdpPacket = onUdpPacket
    const { known, unknown } = sortMedia(description)
    if (known.length === 0) throw new ProtocolError('path/no-tracks', `nothing to publish to ${path}: ${unknown.map(({ reason }) => reason).join(', ')}`)
    this.#known = known
    for (const { reason } of unknown) parts.context.log.warn(this.#fields, `left out of the stream: ${reason}`)
  }

  /** Takes a track's UDP ports. @returns false if another client sends from the same ones */
  register(track: SetupTrack): boolean {
    const ports = track.transport.clientPort
    if (!ports) return true
    const { rtp, rtcp } = this.#parts.udp
    const { address } = this.#remote
    const isRtpFree = rtp.register(address, ports[0], (bytes) => {
      const nowMs = monotonicMs()
      this.#udpBytesIn += bytes.length
      this.#onUdpPacket(nowMs)
      this.#receiver?.onRtp(nowMs, track.index, bytes)
    })
    if (!isRtpFree) return false
    const onRtcp = (bytes: Uint8Array): void => {
      this.#udpBytesIn += bytes.length
      this.#receiver?.onRtcp(monotonicMs(), track.index, bytes)
    }
    if (!rtcp.register(address, ports[1], onRtcp)) {
      rtp.unregister(address, ports[0])
      return false
    }
    this.#registered.push(ports)
    return true
  }

  /**
   * RECORD: what was set up becomes the path's stream.
   * @throws ProtocolError `path/busy`, `path/no-tracks`
   */
  start(tracks: readonly SetupTrack[], publisher: Publisher): void {
    this.#tracks = tracks
    const known = this.#known.filter((media) => tracks.some((track) => track.index === media.index))
    const codecs = known.map((media) => media.codec)
    this.#publication = this.#parts.context.hub.publish(this.path, codecs, 'packets', publisher, monotonicMs())
    const isUdp = tracks.some((track) => track.transport.lower === 'udp')
    const { cname, random32 } = this.#parts.output
    this.#receiver = new RtspReceiver(this.#publication, known, { reorder: isUdp, ssrc: random32() >>> 0, cname })
    if (isUdp) this.#expireTimer = setInterval(() => this.#receiver?.expire(monotonicMs()), EXPIRE_MS)
    this.#parts.context.log.info(this.#fields, `publisher came with ${codecs.map(codecLabel).join(' + ')} over ${isUdp ? 'UDP' : 'TCP'}`)
  }

  get transport(): 'udp' | 'tcp' {
    return this.#tracks.some(({ transport }) => transport.lower === 'udp') ? 'udp' : 'tcp'
  }

  /** @param writer of the RTSP connection */
  readCounters({ bytesIn, bytesOut }: TcpWriter): SessionCounters {
    return { ...this.#receiver?.counters(), bytesIn: bytesIn + this.#udpBytesIn, bytesOut: bytesOut + this.#udpBytesOut }
  }

  /** A packet that came within the RTSP connection. */
  onMedia(trackIndex: number, isRtcp: boolean, payload: Uint8Array): void {
    if (isRtcp) this.#receiver?.onRtcp(monotonicMs(), trackIndex, payload)
    else this.#receiver?.onRtp(monotonicMs(), trackIndex, payload)
  }

  /** Call about once a second: sends the receiver reports that are due. */
  tick(nowMs: number, writer: TcpWriter): void {
    if (!this.#receiver || nowMs - this.#reportedMs < RECEIVER_REPORT_INTERVAL_MS) return
    this.#reportedMs = nowMs
    for (const { mediaIndex, bytes } of this.#receiver.receiverReports(nowMs)) {
      const transport = this.#tracks.find((track) => track.index === mediaIndex)?.transport
      if (transport?.interleaved) writer.writeEssential(encodeInterleaved(transport.interleaved[1], bytes))
      else if (transport?.clientPort) {
        this.#udpBytesOut += bytes.length
        this.#parts.udp.rtcp.send(bytes, transport.clientPort[1], this.#remote.address)
      }
    }
  }

  /** Leaves the path; RECORD takes it again. */
  pause(): void {
    this.#stop('it paused')
  }

  /** @param message why, for the log */
  close(message: string): void {
    for (const [rtpPort, rtcpPort] of this.#registered) {
      this.#parts.udp.rtp.unregister(this.#remote.address, rtpPort)
      this.#parts.udp.rtcp.unregister(this.#remote.address, rtcpPort)
    }
    this.#registered.length = 0
    this.#stop(message)
  }

  #stop(message: string): void {
    clearInterval(this.#expireTimer)
    if (!this.#publication) return
    this.#publication.close(monotonicMs(), message)
    this.#publication = undefined
    this.#parts.context.log.info({ ...this.#fields, brokenPackets: this.#receiver?.broken }, `publisher left: ${message}`)
    this.#receiver = undefined
  }

  get #fields(): object {
    return { path: this.path, protocol: 'rtsp', client: this.#remote.label }
  }
}
