import { problemDetail } from './problem-detail.ts'
import type { PublishFault } from './publish-state.ts'
import type { SessionFailure } from './rtc-session.ts'

/** What an answer that is not a success means for the publisher. */
export const publishFaultOfStatus = (status: number, detail = ''): PublishFault => {
  switch (status) {
    case 401:
      return { kind: 'refused', wantsSignIn: true, message: detail || 'The server wants to know who you are.' }
    case 403:
      return { kind: 'refused', message: detail || 'The server does not let you publish here.' }
    case 404:
    case 405:
      return { kind: 'cannot-carry', message: 'This server takes no streams from browsers: WebRTC is switched off there, or it is an older version.' }
    case 409:
      return { kind: 'busy', message: detail || 'Somebody else is publishing here.' }
    case 400:
    case 406:
    case 415:
    case 422:
      return { kind: 'cannot-carry', message: detail || 'The server takes none of the codecs that this browser offers.' }
    default:
      return { kind: 'lost', message: detail || `The server answered with error ${status}.` }
  }
}

export const publishFaultOf = async (failure: SessionFailure): Promise<PublishFault> => {
  switch (failure.kind) {
    case 'refused':
      return publishFaultOfStatus(failure.response.status, await problemDetail(failure.response))
    case 'no-answer':
      return { kind: 'lost', message: failure.message }
    case 'not-connected':
      return { kind: 'cannot-connect', message: 'The server answers, but no media connection comes about: a firewall on the way may block UDP.' }
    case 'lost':
      return { kind: 'lost', message: 'The connection was lost.' }
    case 'ended':
      return { kind: 'lost', message: 'The server ended the session.' }
  }
}
