import { problemDetail } from './problem-detail.ts'

const TIMEOUT_MS = 10_000

/**
 * Takes a user and password for one path: the server answers with a cookie by which this browser goes on there for some hours.
 * @param server the server's own pages only: other sites use tokens
 * @returns why it was refused, a sentence for people; undefined where it was not
 */
export const signIn = async (server: string | URL, path: string, action: 'read' | 'publish', user: string, password: string): Promise<string | undefined> => {
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))
  try {
    const response = await fetch(new URL(`/_/sign-in?${new URLSearchParams({ path, action })}`, server), {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.ok) return undefined
    if (response.status === 401) return 'The user or the password is wrong.'
    return (await problemDetail(response)) || `The server answered with error ${response.status}.`
  } catch {
    return 'The server cannot be reached.'
  }
}

/** The token of an address such as `/hall-1#token=…`, which is not sent to servers by itself. */
export const tokenOfAddress = (hash: string): string | undefined => new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined
