import { HttpError } from './http-error.ts'

/** Longest path with its tail, in characters; longer than any path name and tail together. */
export const MAX_TARGET_PATH = 1024

/**
 * The path of a request target (RFC 9112 section 3.2.1), percent-decoded, without its leading slash.
 * @param target as it came in the request line: origin form, `/lecture/hall-1/whep?token=1`
 * @throws HttpError 400
 */
export const decodeTargetPath = (target: string): string => {
  if (!target.startsWith('/')) throw new HttpError(400, 'The address must begin with a slash, as in /camera1.')
  const end = target.search(/[?#]/)
  const raw = target.slice(1, end < 0 ? undefined : end)
  if (raw.length > MAX_TARGET_PATH) throw new HttpError(400, `The address is ${raw.length} characters long; ${MAX_TARGET_PATH} are the most.`)
  if (/%(?:2f|5c)/i.test(raw)) throw new HttpError(400, 'The address has an encoded slash (%2F or %5C); write slashes as they are.')
  const path = decodePercent(raw)
  for (const char of path) {
    if (char < ' ' || char === '\x7f') throw new HttpError(400, 'The address has a control character in it.')
  }
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new HttpError(400, 'The address has a segment . or .. in it; give the path itself.')
  }
  return path
}

const decodePercent = (raw: string): string => {
  try {
    return decodeURIComponent(raw)
  } catch {
    throw new HttpError(400, 'The address has a percent sign that does not begin an encoded UTF-8 character.')
  }
}
