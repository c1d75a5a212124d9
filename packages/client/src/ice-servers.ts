/** More servers than anybody configures only slow the gathering down. */
const MAX_ICE_SERVERS = 8

/**
 * Reads the `Link` headers of a WHIP or WHEP answer (RFC 9725 section 4.6, RFC 8288):
 * `<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="secret"; credential-type="password"`.
 * What is no ICE server is left out.
 */
export const parseIceServers = (header: string | null): RTCIceServer[] =>
  [...(header ?? '').matchAll(/<((?:stuns?|turns?):[^>\s]+)>((?:\s*;\s*[\w-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^;,\s"]+))?)*)/gi)]
    .flatMap(([, urls = '', parameters = '']) => {
      const named = parametersOf(parameters)
      if (!named.get('rel')?.split(/\s+/).includes('ice-server')) return []
      const username = named.get('username')
      const credential = named.get('credential')
      // Browsers throw over a TURN server without both.
      if (/^turn/i.test(urls) && (username === undefined || credential === undefined)) return []
      return [{ urls, ...(username !== undefined && { username }), ...(credential !== undefined && { credential }) }]
    })
    .slice(0, MAX_ICE_SERVERS)

const parametersOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,\s"]+))/g)].map(([, name = '', quoted, token]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, '$1') ?? token ?? '',
    ]),
  )
