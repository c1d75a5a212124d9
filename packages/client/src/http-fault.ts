import type { PlaybackFault } from './playback.ts'
import { problemDetail } from './problem-detail.ts'

/** What an answer that is not a success means for the viewer. */
export const faultOfStatus = (status: number, detail = ''): PlaybackFault => {
  switch (status) {
    case 401:
      return { kind: 'refused', wantsSignIn: true, message: detail || 'The server wants to know who you are.' }
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
