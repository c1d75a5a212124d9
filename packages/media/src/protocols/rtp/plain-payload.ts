/**
 * Payloads that are the bare samples: G.711, RFC 3551 section 4.5.14. (Opus, RFC 7587 section 4.2, is one frame as it is.)
 * @param samples interleaved, one byte each
 * @param maxPayload bytes of a payload, at least `channels`
 * @returns views of whole samples of all channels; the samples of each channel in one are its length divided by `channels`
 */
export const splitSamples = (samples: Uint8Array, channels: number, maxPayload: number): Uint8Array[] => {
  const room = Math.floor(maxPayload / channels) * channels
  if (samples.length <= room) return [samples]
  const payloads: Uint8Array[] = []
  for (let at = 0; at < samples.length; at += room) payloads.push(samples.subarray(at, at + room))
  return payloads
}
