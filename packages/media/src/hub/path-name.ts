import { ProtocolError } from '../bytes/protocol-error.ts'

/** Longest path name, in characters. */
export const MAX_PATH_NAME = 255

/**
 * Checks the name of a path as it came from a URL, already percent-decoded, without leading and trailing slash.
 * @throws ProtocolError `path/invalid-name`
 */
export const checkPathName = (name: string): string => {
  const fault = pathNameFault(name)
  if (fault) throw new ProtocolError('path/invalid-name', `path name ${JSON.stringify(name.slice(0, 64))} ${fault}`)
  return name
}

const pathNameFault = (name: string): string | undefined => {
  if (name === '') return 'is empty: name the stream after the host, as in rtsp://host:8554/camera1'
  if (name.length > MAX_PATH_NAME) return `is longer than ${MAX_PATH_NAME} characters`
  if (!/^[\w.~/-]+$/.test(name)) return 'may only have letters, digits and _ . ~ - /'
  if (name === '_' || name.startsWith('_/')) return 'may not start with _/, which is the server’s own'
  for (const segment of name.split('/')) {
    if (segment === '') return 'has an empty segment'
    if (segment === '.' || segment === '..') return `has the segment ${segment}`
  }
  return undefined
}
