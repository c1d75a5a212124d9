import type { MissingTrack } from '@millrace/client/missing-track.ts'
import type { Transport } from '@millrace/client/playback.ts'
import type { PlayerMode, PlayerState } from '@millrace/client/player-state.ts'

/** What the player page says. */
export type Words = {
  /** The line below the picture. */
  readonly status: string
  /** What is missing, or why it is later than it could be. */
  readonly detail?: string
  /** More about that, for those who ask. */
  readonly detailTitle?: string
  /** Offers another transport. */
  readonly change?: { readonly to: PlayerMode; readonly label: string }
  /** Stands in place of the picture. */
  readonly notice?: {
    readonly title: string
    readonly text: string
    readonly busy?: boolean
    readonly howToPublish?: boolean
    readonly mayRetry?: boolean
  }
}

const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = { webrtc: 'WebRTC', hls: 'HLS' }

/** @param hadPicture whether the stream has played before: then a loss is told below the picture, not in its place */
export const wordsFor = (state: PlayerState, mode: PlayerMode, pathName: string, hadPicture: boolean): Words => {
  switch (state.name) {
    case 'stopped':
      return { status: '' }
    case 'connecting':
      return {
        status: `Connecting · ${TRANSPORT_NAMES[state.via]}`,
        ...(!hadPicture && { notice: { title: pathName, text: `Connecting by ${TRANSPORT_NAMES[state.via]} …`, busy: true } }),
      }
    case 'playing':
      return { status: `Live · ${TRANSPORT_NAMES[state.via]}`, ...playingWords(state, mode) }
    case 'waiting-for-publisher':
      return {
        status: 'Waiting',
        notice: { title: `Nobody is publishing to ${pathName} yet`, text: 'This page starts by itself.', busy: true, howToPublish: true },
      }
    case 'ended':
      return {
        status: 'Ended',
        notice: { title: 'The stream has ended', text: `When somebody publishes to ${pathName} again, this page goes on by itself.`, busy: true },
      }
    case 'reconnecting':
      return {
        status: `Reconnecting · ${state.message}`,
        ...(!hadPicture && { notice: { title: 'No connection yet', text: `${state.message} Trying again …`, busy: true } }),
      }
    case 'refused':
      if (state.wantsSignIn) return { status: 'Sign in to watch', notice: { title: `Who may watch ${pathName}?`, text: 'Sign in to watch.' } }
      return { status: 'Refused', notice: { title: `You may not watch ${pathName}`, text: state.message, mayRetry: true } }
    case 'codec-unplayable':
      return { status: 'Cannot be played here', notice: { title: 'This stream cannot be played here', text: state.message, mayRetry: true } }
  }
}

/** How the server's reason begins where it sends another layer. */
const SMALLER = 'a smaller picture'

type Playing = Extract<PlayerState, { name: 'playing' }>

const playingWords = (state: Playing, mode: PlayerMode): Partial<Words> => {
  const words = transportWords(state, mode)
  if (state.reduced === undefined) return words
  const what = state.reduced.startsWith(SMALLER) ? 'a smaller picture' : 'fewer pictures'
  return { ...words, detail: [`The network is slow: showing ${what}.`, words.detail ?? ''].join(' ').trim(), detailTitle: state.reduced }
}

const transportWords = ({ via, missing, because, notice }: Playing, mode: PlayerMode): Partial<Words> => {
  if (notice !== undefined)
    return { detail: [notice, ...missing.map(missingWords)].join(' '), change: { to: 'hls', label: 'Watch by HLS, a few seconds later' } }
  if (missing.length > 0) {
    const sound = missing.some(({ kind }) => kind === 'audio')
    return {
      detail: missing.map(missingWords).join(' '),
      change: { to: 'hls', label: `With ${sound ? 'sound' : 'picture'} (HLS, a few seconds later)` },
    }
  }
  if (via === 'hls' && because !== undefined) {
    const detail = `A few seconds late. ${because.message}`
    return because.kind === 'cannot-connect' ? { detail, change: { to: 'auto', label: 'Try WebRTC again' } } : { detail }
  }
  if (via === 'hls' && mode === 'hls') return { change: { to: 'auto', label: 'Less delay (WebRTC)' } }
  return {}
}

const missingWords = ({ kind, codec, reason }: MissingTrack): string =>
  `No ${kind === 'audio' ? 'sound' : 'picture'}: ${reason || `WebRTC cannot carry ${codec}`}.`
