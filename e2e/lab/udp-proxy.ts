/**
 * Runs on the lab's router: hands UDP packets on between viewers and the server, late or in another order.
 *
 *     node udp-proxy.ts SERVER-ADDRESS SERVER-PORT DELAY-MS [ONE-OF LATE-MS]
 *
 * Writes the port that it listens on.
 */
import { createSocket, type Socket } from 'node:dgram'

const [serverAddress = '', serverPort, delayMs = 0, oneOf = 0, lateMs = 0] = process.argv.slice(2).map((word, i) => (i === 0 ? word : Number(word))) as [
  string,
  ...number[],
]
/** Viewers of one proxy at most. */
const MAX_VIEWERS = 64

/** Sockets towards the server, by the viewer's address. */
const upstream = new Map<string, Socket>()

const later = (ms: number, send: () => void): void => {
  if (ms > 0) setTimeout(send, ms)
  else send()
}

const inSocket = createSocket('udp4', (datagram, viewer) => {
  const key = `${viewer.address}:${viewer.port}`
  let out = upstream.get(key)
  if (!out) {
    if (upstream.size >= MAX_VIEWERS) return
    let count = 0
    out = createSocket('udp4', (answer) => {
      const isLate = oneOf > 0 && count++ % oneOf === oneOf - 1
      later(delayMs + (isLate ? lateMs : 0), () => inSocket.send(answer, viewer.port, viewer.address))
    })
    // ICE tells who is there; a refused packet is nothing to end for.
    out.on('error', () => undefined)
    upstream.set(key, out)
  }
  const socket = out
  later(delayMs, () => socket.send(datagram, serverPort, serverAddress))
})
inSocket.on('error', (error) => {
  console.error(error)
  process.exit(1)
})
inSocket.bind(0, () => console.log(inSocket.address().port))
