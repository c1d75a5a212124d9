import { Publisher } from '@millrace/client/publisher.ts'
import { tokenOfAddress } from '@millrace/client/sign-in.ts'
import { canSimulcast } from '@millrace/client/whip-client.ts'
import { byId, setText } from '../dom.ts'
import { showPublishHints } from '../publish-hints.ts'
import { signInForm } from '../sign-in-form.ts'
import { type CaptureFault, captureObstacle } from './capture.ts'
import { fillChoices, fillDevices, NO_DEVICE } from './choices.ts'
import { LevelMeter } from './level-meter.ts'
import { Numbers } from './numbers.ts'
import { Studio, type VideoSource } from './studio.ts'
import { durationWords, publishWords } from './words.ts'

const LOOK_EVERY_MS = 1000

const root = byId('publisher', HTMLElement)
const preview = byId('preview', HTMLVideoElement)
const start = byId('start', HTMLButtonElement)
const mute = byId('mute', HTMLButtonElement)
const pause = byId('pause', HTMLButtonElement)
const settings = byId('settings', HTMLFormElement)
const camera = byId('camera', HTMLSelectElement)
const microphone = byId('microphone', HTMLSelectElement)
const resolution = byId('resolution', HTMLSelectElement)
const frameRate = byId('frame-rate', HTMLSelectElement)
const bitrate = byId('bitrate', HTMLSelectElement)
const codec = byId('codec', HTMLSelectElement)
const simulcast = byId('simulcast', HTMLInputElement)
const systemSound = byId('system-sound', HTMLInputElement)
const hints = byId('hints', HTMLDListElement)
const message = byId('message', HTMLElement)
const level = byId('level', HTMLMeterElement)

const pathName = decodeURIComponent(location.pathname.slice(1).replace(/\/publish$/, ''))
const canShareScreen = typeof navigator.mediaDevices?.getDisplayMedia === 'function'
let fault: CaptureFault | undefined
let form: HTMLFormElement | undefined
let liveSinceMs: number | undefined
/** Somebody chose whether several sizes are sent: that counts for all pictures from then on. */
let hasChosenSizes = false
let wakeLock: WakeLockSentinel | undefined

const isOn = (): boolean => publisher.state.name !== 'stopped' && publisher.state.name !== 'failed'

const show = (): void => {
  const { state } = publisher
  const words = publishWords(state)
  const hasTracks = studio.video !== undefined || studio.sound !== undefined
  root.dataset.state = state.name
  root.dataset.source = studio.source
  setText(byId('status-text', HTMLElement), words.status)
  setText(byId('duration', HTMLElement), liveSinceMs === undefined ? '' : durationWords(performance.now() - liveSinceMs))
  const obstacle = captureObstacle()
  const inPlace = obstacle ?? (hasTracks ? undefined : fault)
  byId('notice', HTMLElement).hidden = studio.video !== undefined
  setText(byId('notice-title', HTMLElement), inPlace?.title ?? (hasTracks ? 'Sound only' : 'What do you want to show?'))
  setText(byId('notice-text', HTMLElement), inPlace?.text ?? (hasTracks ? 'Viewers get no picture.' : 'Nothing is sent before you press Start.'))
  byId('choices', HTMLElement).hidden = obstacle !== undefined
  byId('use-screen', HTMLElement).hidden = !canShareScreen
  const text = words.message ?? (hasTracks && fault ? `${fault.title}. ${fault.text}` : '')
  message.hidden = text === ''
  setText(byId('message-text', HTMLElement), text)
  askWho(state.name === 'failed' && state.fault.wantsSignIn === true)
  byId('paused', HTMLElement).hidden = !studio.isPaused || studio.video === undefined
  setText(start, words.button)
  start.disabled = !hasTracks && !isOn()
  toggle(mute, studio.isMuted, studio.microphone !== undefined)
  toggle(pause, studio.isPaused, studio.video !== undefined)
  // These are agreed on when the session begins.
  codec.disabled = isOn()
  codec.title = isOn() ? 'Stop to change this' : ''
  simulcast.disabled = isOn() || !canSimulcast(codec.value)
  simulcast.title = isOn() ? 'Stop to change this' : canSimulcast(codec.value) ? '' : 'With H.264, VP8 and VP9'
  byId('camera-field', HTMLElement).hidden = chosenSource() !== 'camera'
  byId('system-sound-field', HTMLElement).hidden = chosenSource() !== 'screen'
  byId('numbers', HTMLElement).hidden = state.name !== 'live' && state.name !== 'interrupted'
}

const askWho = (isWanted: boolean): void => {
  if (!isWanted) form?.remove()
  else if (!form?.isConnected) {
    form = signInForm(pathName, 'publish', () => publisher.start())
    message.append(form)
  }
}

const toggle = (button: HTMLButtonElement, isOff: boolean, isThere: boolean): void => {
  button.disabled = !isThere
  button.ariaPressed = String(isOff)
  const what = button === mute ? 'microphone' : 'picture'
  button.title = isOff
    ? `Turn the ${what} on again (${what === 'picture' ? 'P' : 'M'})`
    : `${what === 'picture' ? 'Pause the picture (P)' : 'Mute the microphone (M)'}`
}

const meter = new LevelMeter((loudness) => {
  level.value = loudness
})
const numbers = new Numbers(byId('number-list', HTMLDListElement))

const studio = new Studio(
  () => ({
    cameraId: camera.value || undefined,
    microphoneId: microphone.value === NO_DEVICE ? undefined : microphone.value || undefined,
    microphone: microphone.value !== NO_DEVICE,
    height: Number(resolution.value),
    frameRate: Number(frameRate.value),
    systemSound: systemSound.checked,
  }),
  {
    changed: () => void studioChanged(),
    failed: (found) => {
      fault = found
    },
  },
)

const publisher = new Publisher({
  server: location.origin,
  path: pathName,
  token: tokenOfAddress(location.hash),
  onState: ({ name }) => {
    if (name === 'connecting') numbers.reset()
    if (name === 'live') liveSinceMs ??= performance.now()
    else if (name === 'stopped' || name === 'failed') liveSinceMs = undefined
    void keepAwake(name === 'live')
    show()
  },
})

const studioChanged = async (): Promise<void> => {
  preview.srcObject = studio.video ? new MediaStream([studio.video]) : null
  chooseSource(studio.source)
  await applyChoices()
  show()
  meter.watch(studio.sound)
  await showDevices()
  await Promise.all([publisher.setTrack('video', studio.video), publisher.setTrack('audio', studio.sound)])
}

/** Names come only with the permission; what is in use is what is chosen. */
const showDevices = async (): Promise<void> => {
  const devices = await navigator.mediaDevices.enumerateDevices()
  fillDevices(camera, devices, 'videoinput', false)
  fillDevices(microphone, devices, 'audioinput', true)
  const cameraId = studio.source === 'camera' ? studio.video?.getSettings().deviceId : undefined
  if (cameraId !== undefined) camera.value = cameraId
  const microphoneId = studio.microphone?.getSettings().deviceId
  if (microphoneId !== undefined) microphone.value = microphoneId
}

const chosenSource = (): string => String(new FormData(settings).get('source'))

const chooseSource = (source: VideoSource): void => {
  const wanted = source === 'none' && studio.sound === undefined ? 'camera' : source
  for (const radio of settings.querySelectorAll<HTMLInputElement>('input[name="source"]')) radio.checked = radio.value === wanted
}

const use = (source: string): Promise<void> => {
  fault = undefined
  if (source === 'screen') return studio.useScreen()
  return source === 'camera' ? studio.useCamera() : studio.useNoPicture()
}

const settingsChanged = async (control: EventTarget | null): Promise<void> => {
  fault = undefined
  if (control === simulcast) hasChosenSizes = true
  else if (control === camera) await studio.useCamera()
  else if (control === microphone) await studio.useMicrophone()
  else if (control === resolution || control === frameRate) await studio.applyQuality()
  else if (control instanceof HTMLInputElement && control.name === 'source') await use(control.value)
  await applyChoices()
}

const applyChoices = async (): Promise<void> => {
  publisher.videoCodec = codec.value || undefined
  // Writing on a screen is hard to read in less than its size, and costs the computer the most.
  if (!hasChosenSizes && !isOn()) simulcast.checked = chosenSource() === 'camera'
  publisher.simulcast = simulcast.checked && canSimulcast(codec.value)
  await publisher.setMaxVideoBps(Number(bitrate.value))
}

/** Phones that go to sleep stop their camera. */
const keepAwake = async (wanted: boolean): Promise<void> => {
  if (!wanted) {
    await wakeLock?.release()
    wakeLock = undefined
  } else if (wakeLock === undefined || wakeLock.released) {
    wakeLock = await navigator.wakeLock?.request('screen').catch(() => undefined)
  }
}

const look = async (): Promise<void> => {
  const statistics = publisher.state.name === 'live' ? await publisher.statistics() : undefined
  if (statistics) numbers.show(performance.now(), statistics)
  if (liveSinceMs !== undefined) show()
}

const startOrStop = async (): Promise<void> => {
  if (isOn()) return publisher.stop()
  await applyChoices()
  publisher.start()
}

const toggleMute = (): void => {
  studio.setMuted(!studio.isMuted)
  show()
}

const togglePause = (): void => {
  studio.setPaused(!studio.isPaused)
  show()
}

const begin = async (): Promise<void> => {
  show()
  if (captureObstacle() !== undefined) return showPublishHints(hints, pathName).then(() => void (hints.hidden = false))
  fillChoices(resolution, frameRate, bitrate, codec)
  byId('screen-choice', HTMLElement).hidden = !canShareScreen
  await showDevices()
  await applyChoices()
  navigator.mediaDevices.addEventListener('devicechange', () => void showDevices())
  // Who has allowed it before need not be asked what to show.
  if (await isAllowed('camera')) await use('camera')
}

/** Some browsers cannot be asked, and then ask themselves. */
const isAllowed = async (name: string): Promise<boolean> => {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state === 'granted'
  } catch {
    return false
  }
}

document.title = `Publish ${pathName} · Millrace`
byId('name', HTMLElement).textContent = pathName
byId('watch', HTMLAnchorElement).href = `/${pathName}`
byId('use-camera', HTMLButtonElement).addEventListener('click', () => void use('camera'))
byId('use-screen', HTMLButtonElement).addEventListener('click', () => void use('screen'))
start.addEventListener('click', () => void startOrStop())
mute.addEventListener('click', toggleMute)
pause.addEventListener('click', togglePause)
settings.addEventListener('change', ({ target }) => void settingsChanged(target))
settings.addEventListener('submit', (event) => event.preventDefault())
document.addEventListener('pointerdown', () => meter.wake())
document.addEventListener('keydown', (event) => {
  meter.wake()
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target instanceof HTMLSelectElement) return
  if (event.key === 'm' && !mute.disabled) toggleMute()
  else if (event.key === 'p' && !pause.disabled) togglePause()
})
document.addEventListener('visibilitychange', () => void keepAwake(!document.hidden && publisher.state.name === 'live'))
// A lecture must not end with a slip of the hand.
addEventListener('beforeunload', (event) => {
  if (isOn()) event.preventDefault()
})
addEventListener('pagehide', () => publisher.stop())
setInterval(() => void look(), LOOK_EVERY_MS)
void begin()
