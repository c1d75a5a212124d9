/** Started by the bench: many viewers in a process of their own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { makeDtlsShared } from '@millrace/server/servers/webrtc/dtls-conn.ts'
import { janusSignalling } from '../janus/janus-signalling.ts'
import type { Signalling } from './signalling.ts'
import { Viewer, type ViewerCounts } from './viewer.ts'
import { whepSignalling } from './whep-signalling.ts'

/** Where the stream is: a WHEP endpoint, or Janus's address, where it is the mountpoint 1. */
export type StreamAddress = { readonly protocol: 'whep' | 'janus'; readonly url: string }

export type ViewersCommand =
  | { readonly type: 'connect'; readonly stream: StreamAddress; readonly count: number; readonly checkOneOf: number }
  /** All of them ask for packets again all the time. */
  | { readonly type: 'complain' }
  /** Viewers come and go at once for a while, so many a second. `joined` says how many. */
  | { readonly type: 'churn'; readonly stream: StreamAddress; readonly ms: number; readonly perSecond: number }
  /** Counts begin anew. */
  | { readonly type: 'reset' }
  | { readonly type: 'report' }
  | { readonly type: 'close' }

export type ViewersReport = ViewerCounts & { readonly viewers: number; readonly joined: number; readonly delaysMs: readonly number[] }

/** Handshakes at a time: all at once measure their queue, and the server's timeouts. */
const CONNECTING = 4
/** Who joins waits when so many do already. */
const MAX_JOINING = 100

const viewers: Viewer[] = []
const delaysMs: number[] = []
let joined = 0

const sum = (): ViewersReport => {
  const total: ViewerCounts = { received: 0, checked: 0, missing: 0, faults: 0 }
  for (const { counts } of viewers) for (const name of ['received', 'checked', 'missing', 'faults'] as const) total[name] += counts[name]
  return { ...total, viewers: viewers.length, joined, delaysMs }
}

const signallingTo = async ({ protocol, url }: StreamAddress): Promise<Signalling> => (protocol === 'whep' ? whepSignalling(url) : janusSignalling(url))

const connectAll = async (stream: StreamAddress, count: number, checkOneOf: number): Promise<void> => {
  const dtls = await makeDtlsShared()
  const signalling = await signallingTo(stream)
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) viewers.push(await Viewer.connect(signalling, dtls, delaysMs, checkOneOf))
  }
  await Promise.all(Array.from({ length: CONNECTING }, worker))
}

const churn = async (stream: StreamAddress, ms: number, perSecond: number): Promise<void> => {
  const dtls = await makeDtlsShared()
  const signalling = await signallingTo(stream)
  const underWay = new Set<Promise<void>>()
  const visit = async (): Promise<void> => {
    const viewer = await Viewer.connect(signalling, dtls, [], Number.MAX_SAFE_INTEGER)
    joined++
    await viewer.close()
  }
  const startMs = performance.now()
  for (let due = 0; performance.now() < startMs + ms; due++) {
    await sleep(Math.max(0, startMs + (due * 1000) / perSecond - performance.now()))
    while (underWay.size >= MAX_JOINING) await Promise.race(underWay)
    const visiting: Promise<void> = visit().finally(() => underWay.delete(visiting))
    underWay.add(visiting)
  }
  await Promise.all(underWay)
}

const run = async (command: ViewersCommand): Promise<ViewersReport> => {
  if (command.type === 'connect') await connectAll(command.stream, command.count, command.checkOneOf)
  else if (command.type === 'churn') await churn(command.stream, command.ms, command.perSecond)
  else if (command.type === 'complain') for (const viewer of viewers) viewer.complain()
  else if (command.type === 'reset') {
    delaysMs.length = joined = 0
    for (const { counts } of viewers) counts.received = counts.checked = counts.missing = counts.faults = 0
  } else if (command.type === 'close') await Promise.all(viewers.splice(0).map((viewer) => viewer.close()))
  return sum()
}

process.on('message', (command: ViewersCommand) => {
  run(command).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit())
