/** A STUN or TURN server that players are told of. */
export type IceServer = {
  /** `stun:…`, `turn:…`, `turns:…`: RFC 7064, RFC 7065. */
  readonly urls: readonly string[]
  readonly username?: string | undefined
  readonly credential?: string | undefined
}

/** Values of `Link`, RFC 9725 section 4.6: one for each URL. The configuration let nothing pass that breaks a header. */
export const iceServerLinks = (servers: readonly IceServer[]): string[] =>
  servers.flatMap(({ urls, username, credential }) => {
    const account =
      username === undefined || credential === undefined ? '' : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`
    return urls.map((url) => `<${url}>; rel="ice-server"${account}`)
  })

/** RFC 9110 section 5.6.4. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
