import type { ResourceNames } from './resource-names.ts'
import type { Segment } from './segment.ts'
import type { SegmentWindow } from './segment-window.ts'

/** Complete segments whose parts are listed: they reach back three target durations, and more only make the playlist longer (section 6.2.2). */
const SEGMENTS_WITH_PARTS = 3

/** PART-HOLD-BACK in part durations; the least that section 4.4.3.8 advises. */
const HOLD_BACK_PARTS = 3

/**
 * The media playlist, RFC 8216bis section 4.
 * @param partTargetS longest part in seconds, or undefined for a playlist without low latency
 */
export const encodeMediaPlaylist = (window: SegmentWindow, names: ResourceNames, partTargetS: number | undefined): string => {
  const segments = window.segments
  const open = partTargetS === undefined ? undefined : window.open
  const listed = open && open.parts.length > 0 ? [...segments, open] : segments
  const withParts = partTargetS === undefined ? [] : listed.slice(-SEGMENTS_WITH_PARTS - 1)
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${partTargetS === undefined ? 7 : 9}`, `#EXT-X-TARGETDURATION:${window.targetDurationS}`]
  if (partTargetS !== undefined) {
    let longestS = partTargetS
    for (const segment of withParts) for (const part of segment.parts) longestS = Math.max(longestS, part.durationS)
    lines.push(`#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(longestS * HOLD_BACK_PARTS)}`)
    lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(longestS)}`)
  }
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${listed[0]?.index ?? window.nextSegment}`)
  if (window.discontinuitySequence > 0) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${window.discontinuitySequence}`)
  if (listed.every((segment) => segment.parts[0]?.independent !== false)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  let init = -1
  for (const segment of listed) {
    // The first segment of a playlist has nothing before it that it could be discontinuous to, but the sequence number counts it.
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY')
    if (segment.init.index !== init) lines.push(`#EXT-X-MAP:URI="${names.init(segment.init.index)}"`)
    init = segment.init.index
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${isoDate(segment.dateMs)}`)
    if (withParts.includes(segment)) pushParts(lines, segment, names)
    if (segment !== open) lines.push(`#EXTINF:${seconds(segment.durationS)},`, names.segment(segment.index))
  }
  if (window.ended) lines.push('#EXT-X-ENDLIST')
  else if (partTargetS !== undefined) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${names.part(window.nextPart)}"`)
  return `${lines.join('\n')}\n`
}

const pushParts = (lines: string[], segment: Segment, names: ResourceNames): void => {
  for (const part of segment.parts) {
    lines.push(`#EXT-X-PART:DURATION=${seconds(part.durationS)},URI="${names.part(part.index)}"${part.independent ? ',INDEPENDENT=YES' : ''}`)
  }
}

const seconds = (value: number): string => value.toFixed(5)

const isoDate = (ms: number): string => {
  // Date is part of the language; only its clock is not read here.
  return new Date(Math.round(ms)).toISOString()
}
