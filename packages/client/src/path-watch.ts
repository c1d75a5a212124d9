/** Event streams that one page holds open: HTTP/1.1 browsers have six connections to a server, and media needs them. */
const MAX_EVENT_SOURCES = 2
const POLL_MS = 2000

export type PathWatch = { close(): void }

let openSources = 0

/**
 * Tells whether somebody publishes to a path: how it stands, and each time it changes.
 * By server-sent events; by asking every two seconds where they do not work or the page has enough of them.
 * @param listener is never called before this has returned
 */
export const watchPath = (server: URL, pathName: string, listener: (ready: boolean) => void, token?: string): PathWatch => {
  const query = `?${new URLSearchParams({ path: pathName, ...(token !== undefined && { token }) })}`
  let stop = (): void => undefined
  const poll = (): void => {
    stop = pollReady(new URL(`/_/ready${query}`, server), listener)
  }
  if (openSources >= MAX_EVENT_SOURCES) poll()
  else stop = listenToEvents(new URL(`/_/events${query}`, server), listener, poll)
  return { close: () => stop() }
}

const listenToEvents = (url: URL, listener: (ready: boolean) => void, giveUp: () => void): (() => void) => {
  const source = new EventSource(url)
  let isOpen = true
  openSources++
  const close = (): void => {
    if (isOpen) openSources--
    isOpen = false
    source.close()
  }
  source.addEventListener('path', ({ data }) => {
    const ready = readyOf(data)
    if (isOpen && ready !== undefined) listener(ready)
  })
  source.addEventListener('error', () => {
    // A source that only lost its connection tries again by itself.
    if (!isOpen || source.readyState !== EventSource.CLOSED) return
    close()
    giveUp()
  })
  return close
}

const pollReady = (url: URL, listener: (ready: boolean) => void): (() => void) => {
  const abort = new AbortController()
  let known: boolean | undefined
  const ask = async (): Promise<void> => {
    const response = await fetch(url, { signal: abort.signal })
    const ready = readyOf(await response.text())
    if (abort.signal.aborted || ready === undefined || ready === known) return
    known = ready
    listener(ready)
  }
  // While the server is away nothing is known; the next turn asks again.
  const tick = (): void => void ask().catch(() => undefined)
  const timer = setInterval(tick, POLL_MS)
  tick()
  return () => {
    clearInterval(timer)
    abort.abort()
  }
}

const readyOf = (json: unknown): boolean | undefined => {
  try {
    const value: unknown = JSON.parse(String(json))
    return typeof value === 'object' && value !== null && 'ready' in value && typeof value.ready === 'boolean' ? value.ready : undefined
  } catch {
    return undefined
  }
}
