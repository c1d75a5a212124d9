import { byId, make } from '../dom.ts'
import { showPublishHints } from '../publish-hints.ts'

/** Reader counts change without an event. */
const REFRESH_MS = 5000

type LivePath = { readonly name: string; readonly tracks: readonly string[]; readonly publisher?: string; readonly readers: number }

const list = byId('paths', HTMLUListElement)
const empty = byId('empty', HTMLElement)
const summary = byId('summary', HTMLElement)
const cards = new Map<string, { readonly item: HTMLLIElement; shown: string }>()

const show = (paths: readonly LivePath[]): void => {
  const names = new Set(paths.map(({ name }) => name))
  for (const [name, { item }] of cards) {
    if (names.has(name)) continue
    item.remove()
    cards.delete(name)
  }
  // Cards that stay are changed in place, so that the keyboard's focus stays too.
  paths.forEach((path, position) => {
    const card = cards.get(path.name) ?? { item: make('li', {}), shown: '' }
    cards.set(path.name, card)
    const wanted = JSON.stringify(path)
    if (card.shown === '') card.item.append(makeCard(path.name))
    if (card.shown !== wanted) fillCard(card.item, path)
    card.shown = wanted
    if (list.children[position] !== card.item) list.insertBefore(card.item, list.children[position] ?? null)
  })
  list.hidden = paths.length === 0
  empty.hidden = paths.length > 0
  summary.textContent = paths.length === 0 ? '' : paths.length === 1 ? '1 live stream' : `${paths.length} live streams`
}

const makeCard = (name: string): Node => {
  const address = `/${name}`
  const card = document.createDocumentFragment()
  card.append(
    make('a', { class: 'watch', href: address }, make('span', { class: 'dot' }), make('span', { class: 'name' }, name)),
    make('p', { class: 'tracks' }),
    make('p', { class: 'facts' }),
    make(
      'p',
      { class: 'links' },
      make('a', { href: `${address}?via=webrtc` }, 'WebRTC'),
      make('a', { href: `${address}?via=hls` }, 'HLS'),
      make('a', { href: `${address}/index.m3u8` }, 'Playlist'),
      make('a', { href: `${address}/stats` }, 'Statistics'),
    ),
  )
  return card
}

const fillCard = (item: HTMLElement, { tracks, publisher, readers }: LivePath): void => {
  item.classList.toggle('away', publisher === undefined)
  item.querySelector('.tracks')?.replaceChildren(...tracks.map((track) => make('span', {}, track)))
  const watching = readers === 0 ? 'no viewers' : readers === 1 ? '1 viewer' : `${readers} viewers`
  const from = publisher === undefined ? 'the publisher is away' : publisher === 'file' ? 'from a file' : `from ${publisher.toUpperCase()}`
  item.querySelector('.facts')?.replaceChildren(`${from} · ${watching}`)
}

const refresh = async (): Promise<void> => {
  try {
    const response = await fetch('/_/paths')
    const { paths } = (await response.json()) as { paths: LivePath[] }
    document.body.classList.remove('offline')
    show(paths)
  } catch {
    document.body.classList.add('offline')
    summary.textContent = 'The server does not answer; trying again …'
  }
}

new EventSource('/_/events').addEventListener('paths', () => void refresh())
setInterval(() => {
  if (!document.hidden) void refresh()
}, REFRESH_MS)
void refresh()
showPublishHints(byId('hints', HTMLDListElement), 'camera1').catch(() => undefined)
byId('publish', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  location.assign(`/${byId('publish-name', HTMLInputElement).value}/publish`)
})
