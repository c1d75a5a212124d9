import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIP, isIPv6 } from 'node:net'
import { type Finding, fault, ok, warning } from './finding.ts'

/** A port that the configuration wants. */
export type WantedPort = { readonly key: string; readonly transport: 'TCP' | 'UDP'; readonly host: string; readonly port: number }

/** Whether the ports are free, or a running server has them. */
export const checkPorts = async (wanted: readonly WantedPort[], serverRuns: boolean): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const use of wanted) {
    const code = await tryPort(use)
    const about = `${use.transport} port ${use.port} (${use.key})`
    if (code === undefined) findings.push(ok(about, 'free'))
    else if (code === 'EADDRINUSE' && serverRuns) findings.push(ok(about, 'taken, by the server that runs as it seems'))
    else if (code === 'EADDRINUSE') findings.push(fault(about, 'taken by another program', `"ss -lpn" tells by which; stop it, or set another ${use.key}`))
    else if (code === 'EACCES')
      findings.push(fault(about, 'may not be opened by this user', `set ${use.key} to one above 1023, or run the server as the installed service`))
    else if (code === 'EADDRNOTAVAIL')
      findings.push(fault(about, `this machine has no address ${use.host}`, 'set host to one of its addresses, or to "::" for all'))
    else findings.push(fault(about, `cannot be opened (${code})`, `check host and ${use.key}`))
  }
  return findings
}

const tryPort = async ({ transport, host, port }: WantedPort): Promise<string | undefined> => {
  if (transport === 'TCP') {
    const server = createServer()
    try {
      server.listen({ host, port, exclusive: true })
      await once(server, 'listening')
      return undefined
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    } finally {
      server.close()
    }
  }
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.close()
  }
}

const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|127\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe80:|::1$)/i

/**
 * Where browsers can reach WebRTC's media.
 * @param host address that is listened on
 * @param own addresses of this machine in its networks
 * @param additional addresses that the configuration adds
 */
export const checkReachability = (host: string, own: readonly string[], additional: readonly string[]): Finding => {
  const about = 'addresses for browsers'
  if (/^(?:127\.|::1$)/.test(host))
    return ok(
      about,
      'this machine only, since host is a loopback address; host: 0.0.0.0, or "::" with IPv6, opens it to others, who then need a user and a password',
    )
  const addresses = [...(host === '0.0.0.0' || host === '::' ? own.filter((address) => host === '::' || isIP(address) === 4) : [host]), ...additional]
  if (addresses.length === 0) return fault(about, 'none', 'connect this machine to a network')
  const list = addresses.join(', ')
  if (addresses.some((address) => !PRIVATE.test(address))) return ok(about, list)
  return warning(
    about,
    `${list}: private ones, good within their network`,
    'for viewers outside, forward webrtc.icePort (UDP and TCP) in the router and name its public address in webrtc.additionalHosts',
  )
}

/**
 * Whether a certificate names what people type.
 * @param cert PEM
 * @param hosts names and addresses of this machine
 */
export const checkCertificate = (about: string, cert: string, hosts: readonly string[], now: Date): Finding[] => {
  const certificate = new X509Certificate(cert)
  const names = certificate.subjectAltName?.replaceAll(/(?:DNS|IP Address):/g, '') ?? 'no name at all'
  const end = certificate.validToDate
  const days = Math.floor((end.getTime() - now.getTime()) / 86_400_000)
  const findings: Finding[] = []
  if (days < 0) findings.push(fault(about, `ended on ${end.toISOString().slice(0, 10)}`, 'renew it; the server takes the new files within seconds'))
  else if (days < 14) findings.push(warning(about, `ends in ${days} days`, 'renew it; the server takes the new files within seconds'))
  else findings.push(ok(about, `good for ${days} days, for ${names}`))
  const isNamed = hosts.some((host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined)
  if (!isNamed)
    findings.push(
      warning(
        about,
        `names ${names}, and none of this machine's names and addresses`,
        'fine if one of them leads here through a router; otherwise make one for the name that people type',
      ),
    )
  return findings
}
