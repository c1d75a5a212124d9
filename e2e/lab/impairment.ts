/** What a path does to the UDP packets of the media port. */
export type Impairment = {
  /** Packets lost at random on the way to the viewer, in percent. */
  readonly lossDown?: number
  /** The same on the way to the server. */
  readonly lossUp?: number
  /** Of every `of` packets towards the viewer, the first `lost` in a row are lost. */
  readonly burst?: { readonly lost: number; readonly of: number }
  /** One in `oneOf` packets towards the viewer comes later by `byMs` than those that follow it. */
  readonly reorder?: { readonly oneOf: number; readonly byMs: number }
  /** Added to each way. */
  readonly delayMs?: number
  /** What the link towards the viewer carries, in kbit/s, with a queue of 200 ms before it. */
  readonly rateKbit?: number
  /** No UDP at all, as behind firewalls that let out only the web. */
  readonly noUdp?: boolean
}

export const LAB_TABLE = 'lab'
/** The router's interface towards the viewer. */
export const VIEWER_SIDE = 'lan'

/** Whether packets have to go through the proxy, since the kernel's means delay none. */
export const needsProxy = ({ reorder, delayMs }: Impairment): boolean => reorder !== undefined || delayMs !== undefined

/**
 * Rules for the router's packet filter, as `nft -f` reads them.
 * @param mediaPort the server's
 * @param proxyPort where the proxy listens on the router, if there is one
 */
export const filterRules = (impairment: Impairment, mediaPort: number, proxyPort: number | undefined): string => {
  const { lossDown = 0, lossUp = 0, burst, noUdp } = impairment
  const down: string[] = []
  const up: string[] = []
  if (noUdp) down.push('meta l4proto udp drop')
  if (lossDown > 0) down.push(`udp sport ${mediaPort} numgen random mod 1000 < ${Math.round(lossDown * 10)} drop`)
  if (burst) down.push(`udp sport ${mediaPort} numgen inc mod ${burst.of} < ${burst.lost} drop`)
  if (lossUp > 0) up.push(`udp dport ${mediaPort} numgen random mod 1000 < ${Math.round(lossUp * 10)} drop`)
  // What passes the proxy is not forwarded; it enters and leaves the router by itself. Towards the viewer it has the server's port again
  // only behind the last hook, so that losses are made where it comes from the server.
  const chains =
    proxyPort === undefined
      ? [chain('forward', 'filter', 0, [...down, ...up])]
      : [
          chain('input', 'filter', 0, [...down, ...up.map((rule) => rule.replace(`dport ${mediaPort}`, `dport ${proxyPort}`))]),
          chain('prerouting', 'nat', -100, [`iifname "${VIEWER_SIDE}" udp dport ${mediaPort} redirect to :${proxyPort}`]),
        ]
  return [`table ip ${LAB_TABLE} {`, ...chains, '}', ''].join('\n')
}

const chain = (hook: string, type: string, priority: number, rules: readonly string[]): string =>
  [`chain ${hook} {`, `type ${type} hook ${hook} priority ${priority}`, ...rules, '}'].join('\n')
