import type { SdpAttribute } from './sdp.ts'

type WithAttributes = { readonly attributes: readonly SdpAttribute[] }
type WithFormats = WithAttributes & { readonly formats: readonly string[] }

/** An RTP payload type's codec, as `a=rtpmap` names it. */
export type RtpMap = {
  readonly payloadType: number
  /** As it was written: compare without regard to case. */
  readonly encoding: string
  readonly clockRate: number
  /** 1 where the map names none. */
  readonly channels: number
}

/** Value of the first attribute with that name: '' for one without a value, undefined if there is none. */
export const attribute = (section: WithAttributes, name: string): string | undefined => {
  const found = section.attributes.find(([other]) => other === name)
  return found ? (found[1] ?? '') : undefined
}

/** Values of all attributes with that name, in order. */
export const attributesNamed = (section: WithAttributes, name: string): string[] =>
  section.attributes.filter(([other]) => other === name).map(([, value]) => value ?? '')

/**
 * What the payload types of an RTP media section stand for, in the order of its `m=` line. Payload types 0, 8 and 9 need no `a=rtpmap`
 * (RFC 3551 table 4). Formats without a usable map are left out.
 */
export const rtpMaps = (media: WithFormats): RtpMap[] => {
  const maps: RtpMap[] = []
  const lines = attributesNamed(media, 'rtpmap')
  for (const format of media.formats) {
    const payloadType = Number(format)
    if (!/^\d{1,3}$/.test(format) || payloadType > 127) continue
    const line = lines.find((value) => value.split(/\s/, 1)[0] === format)
    const map = line === undefined ? STATIC_RTP_MAPS[payloadType] : decodeRtpMap(payloadType, line)
    if (map) maps.push(map)
  }
  return maps
}

/** Parameters of a payload type, `a=fmtp`: names in lower case. Parameters without a value map to ''. */
export const formatParameters = (media: WithAttributes, payloadType: number): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>()
  for (const value of attributesNamed(media, 'fmtp')) {
    const [, format, list] = /^(\d+)\s+(.*)$/.exec(value) ?? []
    if (list === undefined || Number(format) !== payloadType) continue
    for (const parameter of list.split(';')) {
      const equals = parameter.indexOf('=')
      const name = (equals < 0 ? parameter : parameter.slice(0, equals)).trim().toLowerCase()
      if (name !== '') parameters.set(name, equals < 0 ? '' : parameter.slice(equals + 1).trim())
    }
  }
  return parameters
}

const STATIC_RTP_MAPS: Readonly<Record<number, RtpMap>> = {
  0: { payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1 },
  8: { payloadType: 8, encoding: 'PCMA', clockRate: 8000, channels: 1 },
  9: { payloadType: 9, encoding: 'G722', clockRate: 8000, channels: 1 },
}

const decodeRtpMap = (payloadType: number, value: string): RtpMap | undefined => {
  const [, encoding, clockRate, channels] = /^\d+\s+([^/\s]+)\/(\d{1,9})(?:\/(\d{1,3}))?\s*$/.exec(value) ?? []
  if (!encoding || !clockRate || Number(clockRate) === 0) return undefined
  return { payloadType, encoding, clockRate: Number(clockRate), channels: channels ? Math.max(1, Number(channels)) : 1 }
}
