import { Player } from '@millrace/client/player.ts'
import type { PlayerMode, PlayerState } from '@millrace/client/player-state.ts'
import { tokenOfAddress } from '@millrace/client/sign-in.ts'
import { byId } from '../dom.ts'
import { showPublishHints } from '../publish-hints.ts'
import { signInForm } from '../sign-in-form.ts'
import { hideWhenIdle } from './idle.ts'
import { wordsFor } from './words.ts'

const root = byId('player', HTMLElement)
const video = byId('video', HTMLVideoElement)
const notice = byId('notice', HTMLElement)
const hints = byId('hints', HTMLDListElement)
const publish = byId('publish', HTMLAnchorElement)
const retry = byId('retry', HTMLButtonElement)
const play = byId('play', HTMLButtonElement)
const sound = byId('sound', HTMLButtonElement)
const fullscreen = byId('fullscreen', HTMLButtonElement)
const change = byId('switch', HTMLButtonElement)
const detail = byId('detail', HTMLElement)

const pathName = decodeURIComponent(location.pathname.slice(1))
const requested = new URLSearchParams(location.search).get('via')
const mode: PlayerMode = requested === 'hls' || requested === 'webrtc' ? requested : 'auto'
let hadPicture = false
let changeTo: PlayerMode = 'auto'
let form: HTMLFormElement | undefined

const show = (state: PlayerState): void => {
  const words = wordsFor(state, player.mode, pathName, hadPicture)
  hadPicture = state.name === 'playing' || (hadPicture && (state.name === 'connecting' || state.name === 'reconnecting'))
  root.dataset.state = state.name
  root.classList.toggle('partial', state.name === 'playing' && (state.missing.length > 0 || state.reduced !== undefined))
  byId('status-text', HTMLElement).textContent = words.status
  detail.hidden = words.detail === undefined
  detail.textContent = words.detail ?? ''
  detail.title = words.detailTitle ?? ''
  change.hidden = words.change === undefined
  change.textContent = words.change?.label ?? ''
  changeTo = words.change?.to ?? 'auto'
  notice.hidden = words.notice === undefined
  byId('notice-title', HTMLElement).textContent = words.notice?.title ?? ''
  byId('notice-text', HTMLElement).textContent = words.notice?.text ?? ''
  byId('spinner', HTMLElement).hidden = !words.notice?.busy
  askWho(state.name === 'refused' && state.wantsSignIn)
  retry.hidden = !words.notice?.mayRetry
  hints.hidden = !words.notice?.howToPublish
  publish.hidden = hints.hidden
  if (words.notice?.howToPublish && hints.childElementCount === 0) showPublishHints(hints, pathName).catch(() => undefined)
  showControls()
}

/** Also when the address has a token: it may be an old one. */
const askWho = (isWanted: boolean): void => {
  if (!isWanted) form?.remove()
  else if (!form?.isConnected) {
    form = signInForm(pathName, 'read', () => player.start())
    notice.append(form)
  }
}

const showControls = (): void => {
  const { state } = player
  const isPlaying = state.name === 'playing'
  play.hidden = !isPlaying || !video.paused
  sound.hidden = !isPlaying || !state.hasAudio
  sound.classList.toggle('wanted', video.muted)
  sound.title = video.muted ? 'Sound on (M)' : 'Sound off (M)'
  sound.ariaLabel = video.muted ? 'Click for sound' : 'Sound off (M)'
  byId('sound-text', HTMLElement).textContent = video.muted ? 'Click for sound' : ''
}

const toggleSound = (): void => {
  if (sound.hidden) return
  video.muted = !video.muted
  if (video.paused) startPlaying()
}

const startPlaying = (): void => void video.play().catch(() => undefined)

/** Phones that have no full screen for pages have one for video. */
const toggleFullscreen = (): void => {
  if (document.fullscreenElement) void document.exitFullscreen()
  else if (document.fullscreenEnabled) root.requestFullscreen().catch(() => undefined)
  else if ('webkitEnterFullscreen' in video && typeof video.webkitEnterFullscreen === 'function') video.webkitEnterFullscreen()
}

const player = new Player({ server: location.origin, path: pathName, video, mode, token: tokenOfAddress(location.hash), onState: show })

document.title = `${pathName} · Millrace`
publish.href = `/${pathName}/publish`
sound.addEventListener('click', toggleSound)
fullscreen.addEventListener('click', toggleFullscreen)
video.addEventListener('click', () => {
  if (video.paused) startPlaying()
  else if (video.muted) toggleSound()
})
video.addEventListener('dblclick', toggleFullscreen)
play.addEventListener('click', startPlaying)
retry.addEventListener('click', () => player.start())
change.addEventListener('click', () => {
  // The click that asks for sound is the one that browsers want.
  if (changeTo === 'hls') video.muted = false
  player.use(changeTo)
})
for (const event of ['play', 'playing', 'pause', 'volumechange']) video.addEventListener(event, showControls)
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'm') toggleSound()
  else if (event.key === 'f') toggleFullscreen()
})
// Going back to the page must find it playing again.
addEventListener('pagehide', () => player.stop())
addEventListener('pageshow', (event) => {
  if (event.persisted) player.start()
})
hideWhenIdle(root)
player.start()
