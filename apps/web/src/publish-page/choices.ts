import { publishableCodecs } from '@millrace/client/publish-codecs.ts'
import { make } from '../dom.ts'

export const NO_DEVICE = 'none'

const HEIGHTS = [360, 480, 720, 1080, 1440, 2160]
const FRAME_RATES = [10, 15, 25, 30, 60]
const KILOBITS = [300, 600, 1000, 1500, 2500, 4000, 6000, 10_000]

/** Fills the lists that do not depend on devices. */
export const fillChoices = (resolution: HTMLSelectElement, frameRate: HTMLSelectElement, bitrate: HTMLSelectElement, codec: HTMLSelectElement): void => {
  fill(
    resolution,
    HEIGHTS.map((height) => [String(height), height === 2160 ? '4K' : `${height}p`]),
    '720',
  )
  fill(
    frameRate,
    FRAME_RATES.map((rate) => [String(rate), String(rate)]),
    '30',
  )
  fill(
    bitrate,
    KILOBITS.map((kilobits) => [String(kilobits * 1000), bitrateWords(kilobits * 1000)]),
    '2500000',
  )
  const [first, ...others] = publishableCodecs()
  fill(
    codec,
    [first, ...others].flatMap((each) => (each ? [[each.name, each.label] as const] : [])),
    first?.name ?? '',
  )
}

/** Shows devices by their names; keeps what was chosen as long as it is there. */
export const fillDevices = (select: HTMLSelectElement, devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind, withNone: boolean): void => {
  const named = devices
    .filter((device) => device.kind === kind && device.deviceId !== '')
    .map((device, index) => [device.deviceId, device.label || `${kind === 'videoinput' ? 'Camera' : 'Microphone'} ${index + 1}`] as const)
  const options: (readonly [string, string])[] = named.length > 0 ? [...named] : [['', withNone ? 'Default' : 'Default camera']]
  if (withNone) options.push([NO_DEVICE, 'None'])
  fill(select, options, select.value)
}

export const bitrateWords = (bps: number): string =>
  bps < 1_000_000 ? `${Math.round(bps / 1000)} kbit/s` : `${(bps / 1_000_000).toFixed(1).replace('.0', '')} Mbit/s`

const fill = (select: HTMLSelectElement, options: readonly (readonly [value: string, label: string])[], chosen: string): void => {
  select.replaceChildren(...options.map(([value, label]) => make('option', { value }, label)))
  select.value = options.some(([value]) => value === chosen) ? chosen : (options[0]?.[0] ?? '')
}
