/** Body of a PATCH for an ICE restart: the first media section's credentials, to which all are bundled (RFC 8840 section 9, RFC 9725 section 4.3.3). */
export const restartFragment = (offer: string): string => {
  const lines = linesOf(offer)
  const first = (prefix: string): string[] => lines.filter((line) => line.startsWith(prefix)).slice(0, 1)
  return `${[...first('a=ice-ufrag:'), ...first('a=ice-pwd:'), ...first('m='), ...first('a=mid:')].join('\r\n')}\r\n`
}

/**
 * The answer to the restart: the answer before, with the credentials and candidates of the server's fragment.
 * @returns undefined if the fragment has no credentials
 */
export const restartedAnswer = (answer: string, fragment: string): string | undefined => {
  const given = linesOf(fragment)
  const ufrag = given.find((line) => line.startsWith('a=ice-ufrag:'))
  const pwd = given.find((line) => line.startsWith('a=ice-pwd:'))
  if (ufrag === undefined || pwd === undefined) return undefined
  const candidates = given.filter(isCandidate)
  const before = linesOf(answer)
  const kept = before
    .filter((line) => candidates.length === 0 || !isCandidate(line))
    .map((line) => (line.startsWith('a=ice-ufrag:') ? ufrag : line.startsWith('a=ice-pwd:') ? pwd : line))
  const sections = kept.map((line, index) => (line.startsWith('m=') ? index : -1)).filter((index) => index >= 0)
  kept.splice(sections[1] ?? kept.length, 0, ...candidates)
  return `${kept.join('\r\n')}\r\n`
}

const isCandidate = (line: string): boolean => line.startsWith('a=candidate:') || line === 'a=end-of-candidates'

const linesOf = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '')
