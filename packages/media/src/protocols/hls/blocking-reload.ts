import { ProtocolError } from '../../bytes/protocol-error.ts'

/** The delivery directives of a playlist request that waits for what is not there yet. */
export type BlockingReload = {
  /** Media sequence number of a segment. */
  readonly segment: number
  /** Position of a part in it; undefined for the whole segment. */
  readonly part: number | undefined
}

/**
 * `_HLS_msn` and `_HLS_part`, RFC 8216bis section 6.2.5.2.
 * @returns undefined if the request does not wait
 * @throws ProtocolError `hls/directive`
 */
export const parseBlockingReload = (query: { readonly [name: string]: unknown }): BlockingReload | undefined => {
  const segment = directive(query, '_HLS_msn')
  const part = directive(query, '_HLS_part')
  if (segment !== undefined) return { segment, part }
  if (part !== undefined) throw new ProtocolError('hls/directive', '_HLS_part needs _HLS_msn, the segment that the part is in')
  return undefined
}

const directive = (query: { readonly [name: string]: unknown }, name: string): number | undefined => {
  const value = query[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) throw new ProtocolError('hls/directive', `${name} is given once and is a whole number`)
  return Number(value)
}
