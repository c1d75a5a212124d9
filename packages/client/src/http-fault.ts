import type { PlaybackFault } from './playback.ts'

/** Longest explanation of a server that is shown. */
const MAX_DETAIL = 300

/** What an answer that is not a success means for the viewer. */
export const faultOfStatus = (status: number, detail = ''): PlaybackFault => {
  switch (status) {
    case 401:
      return { kind: 'refused', message: detail || 'The server wants to know who you are.' }
    case 403:
      return { kind: 'refused', message: detail || 'The server does not let you watch this.' }
    case 404:
      return { kind: 'no-publisher', message: detail || 'Nobody is publishing here.' }
    case 405:
      return { kind: 'cannot-carry', message: 'This server has WebRTC switched off.' }
    case 406:
      return { kind: 'cannot-carry', message: detail || 'WebRTC cannot carry the codecs of this stream.' }
    default:
      return { kind: 'lost', message: detail || `The server answered with error ${status}.` }
  }
}

/** @param response not a success; its problem+json (RFC 9457) is read for the detail */
export const faultOfResponse = async (response: Response): Promise<PlaybackFault> => faultOfStatus(response.status, await problemDetail(response))

const problemDetail = async (response: Response): Promise<string> => {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return ''
  try {
    const problem: unknown = await response.json()
    if (typeof problem !== 'object' || problem === null || !('detail' in problem) || typeof problem.detail !== 'string') return ''
    return problem.detail.slice(0, MAX_DETAIL)
  } catch {
    return ''
  }
}
