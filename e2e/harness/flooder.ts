// A program of its own, so that its work delays nobody who measures: opens connections from many addresses and holds them.
import { connect, type Socket } from 'node:net'

type Order = {
  readonly port: number
  /** Source addresses, 127.0.1.FIRST and the next. */
  readonly first: number
  readonly addresses: number
  /** Connections of each. */
  readonly each: number
  /** New connections of each address in a second. */
  readonly perSecond: number
  /** Sent on each connection. */
  readonly text: string
  /** Sent after it, a byte a second, without end. */
  readonly drip: boolean
}

/** What became of the connections so far. */
export type FloodCounts = { readonly tried: number; readonly held: number; readonly refused: number }

const order = JSON.parse(process.argv[2] ?? '') as Order
const held = new Set<Socket>()
let tried = 0
let refused = 0

const open = (address: number): void => {
  tried++
  const socket = connect({ host: '127.0.0.1', port: order.port, localAddress: `127.0.1.${address}` })
  const timer = setTimeout(() => held.add(socket), 500)
  socket.on('connect', () => order.text !== '' && socket.write(order.text))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    clearTimeout(timer)
    // What was open for a while before it was closed was let in.
    if (!held.delete(socket)) refused++
  })
  socket.resume()
}

const TURN_MS = 50
let due = 0
const opening = setInterval(() => {
  due = Math.min(order.each, due + (order.perSecond * TURN_MS) / 1000)
  while (tried < Math.floor(due) * order.addresses) open(order.first + (tried % order.addresses))
  if (tried >= order.each * order.addresses) clearInterval(opening)
}, TURN_MS)
if (order.drip) {
  setInterval(() => {
    for (const socket of held) if (socket.writable) socket.write('x')
  }, 1000)
}
setInterval(() => console.log(JSON.stringify({ tried, held: held.size, refused } satisfies FloodCounts)), 200)
