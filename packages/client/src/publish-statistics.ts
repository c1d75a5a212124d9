/** Counters of a publication and how its path is; what the browser does not tell is absent. */
export type PublishStatistics = {
  /** `video/H264` and the like, as negotiated. */
  readonly videoCodec?: string
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly framesPerSecond?: number
  /** Octets of media sent since the session began, without headers. */
  readonly videoBytes?: number
  readonly audioBytes?: number
  readonly roundTripMs?: number
  /** Part of the video's packets that the server missed of late, 0 to 1. */
  readonly fractionLost?: number
  /** What keeps the encoder below what was asked for. */
  readonly limitedBy?: 'cpu' | 'bandwidth' | 'other'
  /** What the browser thinks that the path carries. */
  readonly availableBps?: number
}

/** The browsers' types lag behind the specification. */
type Outbound = RTCOutboundRtpStreamStats & { readonly qualityLimitationReason?: string; readonly active?: boolean }
type RemoteInbound = RTCStats & { readonly kind?: string; readonly roundTripTime?: number; readonly fractionLost?: number }
type Codec = RTCStats & { readonly mimeType?: string }

/** @param report what `getStats` of a publishing peer connection gives */
export const publishStatisticsOf = (report: Iterable<readonly [string, RTCStats]>): PublishStatistics => {
  const all = [...report].map(([, stats]) => stats)
  const outbound = all.filter((stats): stats is Outbound => stats.type === 'outbound-rtp')
  const videos = outbound.filter(({ kind }) => kind === 'video')
  // With simulcast, the largest layer that is sent.
  const video = videos.filter(({ active }) => active !== false).sort((a, b) => (b.frameHeight ?? 0) - (a.frameHeight ?? 0))[0] ?? videos[0]
  const remote = all.filter((stats): stats is RemoteInbound => stats.type === 'remote-inbound-rtp')
  const ofVideo = remote.find(({ kind }) => kind === 'video') ?? remote[0]
  const pair = all.find((stats): stats is RTCIceCandidatePairStats => stats.type === 'candidate-pair' && (stats as RTCIceCandidatePairStats).nominated === true)
  const codec = all.find((stats): stats is Codec => stats.id === video?.codecId)?.mimeType
  const roundTrip = pair?.currentRoundTripTime ?? ofVideo?.roundTripTime
  const limitedBy = video?.qualityLimitationReason
  const found: { [Key in keyof PublishStatistics]: PublishStatistics[Key] | undefined } = {
    videoCodec: codec,
    frameWidth: video?.frameWidth,
    frameHeight: video?.frameHeight,
    framesPerSecond: video?.framesPerSecond,
    videoBytes: videos.length > 0 ? sumOfBytes(videos) : undefined,
    audioBytes: sumOfBytes(outbound.filter(({ kind }) => kind === 'audio')),
    roundTripMs: roundTrip === undefined ? undefined : roundTrip * 1000,
    fractionLost: ofVideo?.fractionLost,
    limitedBy: limitedBy === 'cpu' || limitedBy === 'bandwidth' || limitedBy === 'other' ? limitedBy : undefined,
    availableBps: pair?.availableOutgoingBitrate,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as PublishStatistics
}

const sumOfBytes = (streams: readonly Outbound[]): number => streams.reduce((sum, { bytesSent = 0 }) => sum + bytesSent, 0)
