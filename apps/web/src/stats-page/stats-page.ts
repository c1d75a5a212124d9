import 'uplot/dist/uPlot.min.css'
import { byId, make } from '../dom.ts'
import { signInForm } from '../sign-in-form.ts'
import { SessionCard } from './session-card.ts'
import type { SessionSummary } from './session-data.ts'

/** Players report every two seconds, and the server samples every second. */
const REFRESH_MS = 2000
const RANGES = [
  { label: '1 min', ms: 60_000 },
  { label: '10 min', ms: 600_000 },
  { label: '1 h', ms: 3_600_000 },
] as const

type PathStatistics = { readonly path: string; readonly server: { readonly loopDelayMs: number }; readonly sessions: readonly SessionSummary[] }

const statsUrl = location.pathname.replace(/\/$/, '')
const list = byId('sessions', HTMLElement)
const summary = byId('summary', HTMLElement)
const cards = new Map<string, SessionCard>()
let rangeMs: number = RANGES[0].ms
let hasOpened = false
let form: HTMLFormElement | undefined

const show = ({ path, server, sessions }: PathStatistics): void => {
  byId('title', HTMLElement).replaceChildren('Statistics of ', make('a', { href: statsUrl.replace(/\/stats$/, '') }, path))
  document.title = `${path} · Statistics · Millrace`
  const ids = new Set(sessions.map(({ id }) => id))
  for (const [id, card] of cards) {
    if (ids.has(id)) continue
    card.element.remove()
    cards.delete(id)
  }
  // Cards that stay are changed in place, so that the keyboard's focus stays too.
  sessions.forEach((session, position) => {
    const card = cards.get(session.id) ?? new SessionCard(statsUrl, session.id)
    cards.set(session.id, card)
    card.show(session)
    if (list.children[position] !== card.element) list.insertBefore(card.element, list.children[position] ?? null)
  })
  openFirst(sessions)
  const live = sessions.filter(({ ended }) => ended === undefined)
  const watching = live.filter(({ role }) => role === 'reader').length
  byId('empty', HTMLElement).hidden = sessions.length > 0
  summary.textContent = sessions.length === 0 ? '' : `${watching === 1 ? '1 viewer' : `${watching} viewers`} · server ${Math.round(server.loopDelayMs)} ms late`
}

/** A viewer, one who tells much if there is one, or else the publisher, is open from the beginning. */
const openFirst = (sessions: readonly SessionSummary[]): void => {
  if (hasOpened || sessions.length === 0) return
  hasOpened = true
  const viewers = sessions.filter(({ role, ended }) => role === 'reader' && ended === undefined)
  const first = viewers.find(({ protocol }) => protocol === 'webrtc') ?? viewers[0] ?? sessions[0]
  if (first) cards.get(first.id)?.toggle()
}

const askWho = (isWanted: boolean): void => {
  if (!isWanted) form?.remove()
  else if (!form?.isConnected) {
    form = signInForm(decodeURIComponent(statsUrl.slice(1).replace(/\/stats$/, '')), 'read', () => void refresh())
    list.before(form)
  }
}

const refresh = async (): Promise<void> => {
  try {
    const response = await fetch(`${statsUrl}.json`)
    askWho(response.status === 401)
    if (response.status === 401 || response.status === 403) {
      summary.textContent = response.status === 401 ? 'Sign in to see this.' : 'You may not see this.'
      return
    }
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    document.body.classList.remove('offline')
    show((await response.json()) as PathStatistics)
    for (const card of cards.values()) if (card.isOpen) await card.draw(rangeMs)
  } catch {
    document.body.classList.add('offline')
    summary.textContent = 'The server does not answer; trying again …'
  }
}

const loop = async (): Promise<void> => {
  if (!document.hidden) await refresh()
  setTimeout(() => void loop(), REFRESH_MS)
}

const ranges = RANGES.map(({ label, ms }) => {
  const button = make('button', { type: 'button', 'aria-pressed': String(ms === rangeMs) }, label)
  button.addEventListener('click', () => {
    rangeMs = ms
    for (const other of ranges) other.setAttribute('aria-pressed', String(other === button))
    void refresh()
  })
  return button
})
byId('ranges', HTMLElement).append(...ranges)
list.addEventListener('click', () => void refresh())
void loop()
