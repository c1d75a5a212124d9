import { make } from '../dom.ts'
import { Graphs } from './graphs.ts'
import { SessionData, type SessionRows, type SessionSummary } from './session-data.ts'

/** HLS players have no sessions: what they fetch is counted together. */
const ALL_PLAYERS = 'all players together'
const PROTOCOLS: Readonly<Record<string, string>> = { webrtc: 'WebRTC', hls: 'HLS', rtsp: 'RTSP', rtmp: 'RTMP', file: 'file' }
/** Where along the way it is, as a badge. */
const CULPRITS = { none: 'All is well', camera: 'Camera', uplink: 'Uplink', server: 'Server', downlink: 'Downlink', decoder: 'Decoder' } as const

/** One session on the page: what it is and how it fares; opened, its graphs. */
export class SessionCard {
  readonly element = make('article', { class: 'session' })
  readonly #statsUrl: string
  readonly #id: string
  readonly #badge = make('span', { class: 'badge' })
  readonly #facts = make('span', { class: 'facts' })
  readonly #name = make('span', { class: 'name' })
  readonly #verdict = make('p', { class: 'verdict' })
  readonly #button = make('button', { type: 'button', class: 'head', 'aria-expanded': 'false' }, this.#name, this.#facts, this.#badge)
  readonly #files: HTMLElement
  readonly #record = make('button', { type: 'button', class: 'record', hidden: '' }, 'Record its packets')
  readonly #flight: HTMLAnchorElement
  #graphs: Graphs | undefined
  #data = new SessionData()

  /** @param statsUrl `/PATH/stats` */
  constructor(statsUrl: string, id: string) {
    this.#statsUrl = statsUrl
    this.#id = id
    this.element.dataset.session = id
    this.#flight = make('a', { href: `${statsUrl}/${id}/flight.json`, download: '', hidden: '' }, 'Save the last minute’s packets')
    this.#record.addEventListener('click', () => {
      this.#record.hidden = true
      // The next refresh shows whether it runs.
      void fetch(`${statsUrl}/${id}/record`, { method: 'POST' })
    })
    this.#files = make(
      'p',
      { class: 'links' },
      make('a', { href: `${statsUrl}/${id}.csv`, download: '' }, 'Save as CSV'),
      make('a', { href: `${statsUrl}/${id}.json?download`, download: '' }, 'Save as JSON'),
      this.#flight,
      this.#record,
    )
    this.#button.addEventListener('click', () => this.toggle())
    this.element.append(this.#button, this.#verdict)
  }

  get isOpen(): boolean {
    return this.#graphs !== undefined
  }

  toggle(): void {
    if (this.#graphs) {
      this.#graphs.remove()
      this.#files.remove()
      this.#graphs = undefined
    } else {
      this.#data = new SessionData()
      this.#graphs = new Graphs()
      this.element.append(this.#graphs.element, this.#files)
    }
    this.#button.setAttribute('aria-expanded', String(this.isOpen))
  }

  show(summary: SessionSummary): void {
    const { role, protocol, remote, ended, verdict, recorded } = summary
    this.#flight.hidden = !recorded
    this.#record.hidden = recorded || ended !== undefined || protocol !== 'webrtc'
    this.element.classList.toggle('ended', ended !== undefined)
    this.element.dataset.culprit = verdict.culprit
    this.#name.replaceChildren(
      role === 'publisher' ? 'Publisher' : 'Viewer',
      make('small', {}, [PROTOCOLS[protocol] ?? protocol, protocol === 'hls' ? ALL_PLAYERS : remote].filter((part) => part !== '').join(' · ')),
    )
    this.#badge.textContent = CULPRITS[verdict.culprit]
    this.#facts.textContent = factsOf(summary)
    this.#verdict.replaceChildren(make('span', {}, verdict.text), ' ', make('small', {}, [...verdict.evidence, ...layerFacts(summary)].join('; ')))
  }

  /** Fetches what is new and draws it. */
  async draw(rangeMs: number): Promise<void> {
    const response = await fetch(`${this.#statsUrl}/${this.#id}.json?after=${this.#data.newestMs}`)
    if (!response.ok) return
    this.#data.add((await response.json()) as SessionRows)
    this.#graphs?.show(this.#data, this.#data.newestMs - rangeMs)
  }
}

const factsOf = ({ started, ended, now }: SessionSummary): string => {
  const facts: string[] = []
  if (ended === undefined && now.bitrateKbps !== undefined) facts.push(rate(now.bitrateKbps))
  if (ended === undefined && now.framesDecoded !== undefined) facts.push(`${Math.round(now.framesDecoded)} pictures/s`)
  if (ended === undefined && now.rttMs !== undefined) facts.push(`${Math.round(now.rttMs)} ms`)
  facts.push(ended === undefined ? `since ${time(started)}` : `${time(started)} to ${time(ended)}`)
  return facts.join(' · ')
}

/** `sizes: 320 × 180 with 120 kbit/s, 1280 × 720 off` */
const layerFacts = ({ layers = [] }: SessionSummary): string[] => {
  const facts = layers.map(({ name, width, height, bitrateKbps }) => {
    const size = width === undefined ? name : `${width} × ${height}`
    return bitrateKbps === 0 ? `${size} off` : `${size} with ${rate(bitrateKbps)}`
  })
  return facts.length === 0 ? [] : [`sizes: ${facts.join(', ')}`]
}

const rate = (kbps: number): string => (kbps < 1000 ? `${Math.round(kbps)} kbit/s` : `${(kbps / 1000).toFixed(1)} Mbit/s`)

const time = (iso: string): string => new Date(iso).toLocaleTimeString()
