/**
 * What a session counts, as far as it knows. Counters run from the session's start and never fall; the rest is as of now. Packets are for a reader
 * those sent to it, for a publisher those that came from it.
 *
 * Bytes are what the transport carries: all that is in the TCP connection (media, RTCP, commands and answers), the whole payload of each UDP
 * datagram (RTP with its header, SRTP with its tag, RTCP; no ICE and DTLS), bodies of HTTP answers. Headers of IP, UDP, TCP, TLS and HTTP are not in it.
 */
export type SessionCounters = {
  /** From the client. */
  readonly bytesIn?: number | undefined
  /** To the client. */
  readonly bytesOut?: number | undefined
  readonly packets?: number | undefined
  /** Packets that did not arrive: as the reader reports, or as the server saw of a publisher. */
  readonly lost?: number | undefined
  /** Packets asked for again: by the reader, or of the publisher. */
  readonly nacks?: number | undefined
  /** Key frames asked for, by PLI or FIR. */
  readonly plis?: number | undefined
  /** Packets sent again, or that came after they were asked for again. */
  readonly repeated?: number | undefined
  /** Packets or messages that the server left out because the session could not take them. */
  readonly dropped?: number | undefined
  /** What `dropped` is due to. */
  readonly dropReason?: DropReason | undefined
  readonly rttMs?: number | undefined
  readonly jitterMs?: number | undefined
  /** What the path is thought to carry, in bits per second. */
  readonly estimateBps?: number | undefined
  /** The layer that is sent, 0 for the lowest. */
  readonly layer?: number | undefined
  /** What comes of each layer of a publisher that sends several sizes, the smallest first. */
  readonly layers?: readonly LayerCounters[] | undefined
  /** Why less is sent than there is, for people. */
  readonly reason?: string | undefined
}

/** A layer: its size as of now, its bit rate of late, its packets since the start. */
export type LayerCounters = {
  /** As the publisher names it. */
  readonly name: string
  readonly width?: number | undefined
  readonly height?: number | undefined
  /** 0 while nothing comes. */
  readonly bitrateBps: number
  readonly packets: number
  readonly lost?: number | undefined
}

/** The client does not take what is sent; or the way to it is thought to carry less. */
export type DropReason = 'slow-reader' | 'congestion'

/** A publisher or reader of the hub that can tell more than the hub knows. Statistics find it by its methods, so that the hub stays as it is. */
export type SessionProbe = {
  /** Of its resource, `/PATH/whep/ID`, below which its player reports; a secret. */
  readonly id?: string
  /** Called once a second. */
  readCounters(): SessionCounters
  /** From now on, what happens is told to the recorder too, beginning with what is known already; null ends it. */
  record?(recorder: SessionRecorder | null): void
}

export type Direction = 'in' | 'out'

/** Takes notes of one session, for a study of its failure. Knows the time by itself. */
export type SessionRecorder = {
  /**
   * A packet of SRTP, whose header is in the clear.
   * @param bytes copied as far as needed
   */
  rtp(direction: Direction, bytes: Uint8Array, at: number, length: number): void
  /** @param packet compound RTCP in the clear; copied */
  rtcp(direction: Direction, packet: Uint8Array): void
  /** @param kind such as `offer`, `answer`, `ice-check` */
  note(kind: string, text: string): void
}

/** Whether it tells what it counts. */
export const isSessionProbe = (session: object): session is SessionProbe => 'readCounters' in session && typeof session.readCounters === 'function'
