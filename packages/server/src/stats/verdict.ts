/** Some seconds of one session. What its protocol does not tell is absent. */
export type Evidence = {
  readonly seconds: number
  /** Mean. */
  readonly bitrateKbps: number
  /** Seconds at the end in which nothing came or went. */
  readonly silentSeconds: number
  /** Seconds without anything between such that had something. */
  readonly gaps: number
  readonly packets?: number | undefined
  readonly lost?: number | undefined
  readonly repeated?: number | undefined
  readonly dropped?: number | undefined
  /** Highest. */
  readonly rttMs?: number | undefined
  readonly jitterMs?: number | undefined
  /** Newest. */
  readonly estimateKbps?: number | undefined
  readonly framesReceived?: number | undefined
  readonly framesDecoded?: number | undefined
  readonly framesDropped?: number | undefined
  readonly freezes?: number | undefined
  readonly frozenMs?: number | undefined
  /** Why the server sends less than there is, in its own words. */
  readonly reason?: string | undefined
}

export type VerdictInput = {
  /** Who publishes the path; absent while nobody does. */
  readonly publisher: Evidence | undefined
  /** Absent for the verdict on a publisher. */
  readonly reader?: Evidence | undefined
  /** How long the server's event loop was late at worst. */
  readonly loopDelayMs: number
}

/** Where along the way from the camera to the screen something is wrong. */
export type Culprit = 'camera' | 'uplink' | 'server' | 'downlink' | 'decoder' | 'none'

export type Verdict = {
  readonly culprit: Culprit
  readonly text: string
  /** The figures that it stands on. */
  readonly evidence: readonly string[]
}

/** A publisher that is silent for so long has stopped; below it may be a long interval between pictures. */
const STOPPED_SECONDS = 2
const MAX_SOURCE_JITTER_MS = 100
/** Retransmission mends some loss at the price of delay; above this it shows. */
const MAX_LOSS_PERCENT = 2
const MAX_REPEATED_PERCENT = 5
const MAX_LOOP_DELAY_MS = 200
const MAX_RTT_MS = 400
/** Of the pictures that came. */
const MIN_DECODED_PERCENT = 90
const MAX_DROPPED_PERCENT = 10
/** Below this many pictures a share says nothing. */
const MIN_PICTURES = 10

/** Names what hurts a session, the cause that is nearest to the camera first, since all that follows suffers from it. */
export const judge = (input: VerdictInput): Verdict => {
  for (const look of [lookAtUplink, lookAtCamera, lookAtServer, lookAtDownlink, lookAtDecoder]) {
    const verdict = look(input)
    if (verdict) return verdict
  }
  return { culprit: 'none', text: 'All is well.', evidence: wellEvidence(input) }
}

const lookAtUplink = ({ publisher }: VerdictInput): Verdict | undefined => {
  if (!publisher) return undefined
  const loss = lossPercent(publisher)
  const repeated = share(publisher.repeated, publisher.packets)
  const evidence: string[] = []
  if (repeated !== undefined && repeated > MAX_REPEATED_PERCENT) evidence.push(`${percent(repeated)} of its packets came only when they were asked for again`)
  if (loss !== undefined && loss > MAX_LOSS_PERCENT) {
    evidence.push(`${publisher.lost} of ${total(publisher)} packets of the publisher lost (${percent(loss)})`)
    return { culprit: 'uplink', text: 'Packets are lost on the way from the publisher to the server.', evidence }
  }
  const text = 'Packets are lost on the way from the publisher to the server; what is sent again makes up for it.'
  return evidence.length === 0 ? undefined : { culprit: 'uplink', text, evidence }
}

const lookAtCamera = ({ publisher }: VerdictInput): Verdict | undefined => {
  if (!publisher) return { culprit: 'camera', text: 'Nobody publishes at present.', evidence: ['the path has no publisher'] }
  const evidence: string[] = []
  if (publisher.silentSeconds >= STOPPED_SECONDS) {
    const text = 'The source has stopped sending, or its network is cut.'
    return { culprit: 'camera', text, evidence: [`nothing has come from it for ${publisher.silentSeconds} s`] }
  }
  if (publisher.gaps > 0) evidence.push(`${publisher.gaps} of ${publisher.seconds} seconds without anything from it`)
  if ((publisher.jitterMs ?? 0) > MAX_SOURCE_JITTER_MS) evidence.push(`its packets come with ${round(publisher.jitterMs)} ms of jitter`)
  return evidence.length === 0 ? undefined : { culprit: 'camera', text: 'The source sends irregularly.', evidence }
}

const lookAtServer = ({ loopDelayMs }: VerdictInput): Verdict | undefined =>
  loopDelayMs <= MAX_LOOP_DELAY_MS
    ? undefined
    : { culprit: 'server', text: 'The server is overloaded and sends late.', evidence: [`its event loop was up to ${round(loopDelayMs)} ms late`] }

const lookAtDownlink = ({ publisher, reader }: VerdictInput): Verdict | undefined => {
  if (!reader) return undefined
  const evidence: string[] = []
  const loss = lossPercent(reader)
  if (loss !== undefined && loss > MAX_LOSS_PERCENT) evidence.push(`${reader.lost} of ${total(reader)} packets lost (${percent(loss)})`)
  const repeated = share(reader.repeated, reader.packets)
  if (repeated !== undefined && repeated > MAX_REPEATED_PERCENT) evidence.push(`${percent(repeated)} of the packets sent again`)
  if ((reader.rttMs ?? 0) > MAX_RTT_MS) evidence.push(`${round(reader.rttMs)} ms of round trip`)
  if (reader.reason !== undefined) evidence.push(reader.reason)
  if ((reader.dropped ?? 0) > 0) evidence.push(`${reader.dropped} left out because the way to it is too slow`)
  const { estimateKbps } = reader
  const wanted = publisher?.bitrateKbps ?? 0
  // An estimate alone may be low because little was sent.
  if (estimateKbps !== undefined && estimateKbps < wanted && (evidence.length > 0 || (reader.freezes ?? 0) > 0)) {
    evidence.push(`the path carries about ${round(estimateKbps)} kbit/s, the stream has ${round(wanted)}`)
  }
  if (evidence.length === 0) return undefined
  const text = isWatchable(reader)
    ? 'The way from the server to the viewer loses packets or is slow, which does not show in the picture.'
    : 'The way from the server to the viewer loses packets or is too slow.'
  return { culprit: 'downlink', text, evidence }
}

const lookAtDecoder = ({ reader }: VerdictInput): Verdict | undefined => {
  if (!reader) return undefined
  const { framesReceived = 0, framesDecoded, framesDropped, freezes = 0, frozenMs = 0 } = reader
  const evidence: string[] = []
  const decoded = share(framesDecoded, framesReceived)
  const dropped = share(framesDropped, framesReceived)
  if (framesReceived >= MIN_PICTURES && decoded !== undefined && decoded < MIN_DECODED_PERCENT) {
    evidence.push(`${round(framesDecoded)} of ${round(framesReceived)} pictures that came were decoded`)
  }
  if (framesReceived >= MIN_PICTURES && dropped !== undefined && dropped > MAX_DROPPED_PERCENT) evidence.push(`${round(framesDropped)} pictures dropped`)
  if (freezes > 0) evidence.push(`${freezes === 1 ? 'one freeze' : `${freezes} freezes`}, ${(frozenMs / 1000).toFixed(1)} s together, though the packets came`)
  return evidence.length === 0 ? undefined : { culprit: 'decoder', text: 'The pictures reach the player, but it does not show all of them.', evidence }
}

/** The player says that it shows what there is. */
const isWatchable = ({ framesReceived = 0, framesDecoded = 0, freezes, reason, dropped = 0 }: Evidence): boolean =>
  freezes === 0 && reason === undefined && dropped === 0 && framesReceived >= MIN_PICTURES && (framesDecoded * 100) / framesReceived >= MIN_DECODED_PERCENT

const wellEvidence = ({ publisher, reader, loopDelayMs }: VerdictInput): string[] => {
  const shown = reader ?? publisher
  const evidence = shown ? [`${round(shown.bitrateKbps)} kbit/s`] : []
  const loss = shown && lossPercent(shown)
  if (loss !== undefined) evidence.push(`${percent(loss)} of the packets lost`)
  if (reader && reader.framesDecoded === undefined) evidence.push('the player does not report')
  else if (reader?.framesDecoded !== undefined) evidence.push(`${round(reader.framesDecoded / reader.seconds)} pictures a second decoded`)
  evidence.push(`server ${round(loopDelayMs)} ms late at worst`)
  return evidence
}

/** Packets that should have come. A publisher's `packets` came, a reader's were sent: the difference does not matter to a share of some per cent. */
const total = (evidence: Evidence | undefined): number => (evidence?.packets ?? 0) + (evidence?.lost ?? 0)

const lossPercent = (evidence: Evidence): number | undefined => share(evidence.lost, total(evidence))

const share = (part: number | undefined, whole: number | undefined): number | undefined =>
  part === undefined || !whole ? undefined : Math.min(100, (part * 100) / whole)

const percent = (value: number): string => `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} %`

const round = (value: number | undefined): number => Math.round(value ?? 0)
