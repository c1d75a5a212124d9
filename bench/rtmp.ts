/**
 * Millrace beside nginx with its RTMP module: CPU time for each Mbit that rtmpdump players got.
 *
 *     node bench/rtmp.ts [players…]      default: 50 200
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeClip, startPlayers, startPublisher } from './rtmp/clients.ts'
import { startMillrace } from './rtmp/millrace.ts'
import { startNginx } from './rtmp/nginx.ts'
import { cpuMs, rssBytes, writtenBytes } from './rtmp/proc.ts'
import type { Rival } from './rtmp/rival.ts'

const CLIP_SECONDS = 20
const SETTLE_MS = 4000
const MEASURE_MS = 15_000
/** Players at each moment of starting: all at once measures the handshakes' queue, not the server. */
const START_GAP_MS = 20

type Result = {
  readonly rival: string
  readonly players: number
  readonly served: number
  readonly mbit: number
  readonly cpuMs: number
  readonly rssMb: number
}

const measure = async (rival: Rival, clip: string, count: number): Promise<Result> => {
  const url = `rtmp://127.0.0.1:${rival.port}/bench/clip`
  const publisher = startPublisher(clip, url)
  await sleep(2000)
  const players = await startPlayers(url, count, START_GAP_MS)
  try {
    await sleep(SETTLE_MS)
    const pids = players.pids()
    const bytesBefore = await Promise.all(pids.map(writtenBytes))
    const cpuBefore = await cpuMs(rival.pid)
    await sleep(MEASURE_MS)
    const cpu = (await cpuMs(rival.pid)) - cpuBefore
    const bytesAfter = await Promise.all(pids.map(writtenBytes))
    const received = bytesAfter.map((bytes, i) => bytes - (bytesBefore[i] ?? 0))
    return {
      rival: rival.name,
      players: count,
      served: received.filter((bytes) => bytes > 0).length,
      mbit: (received.reduce((sum, bytes) => sum + bytes, 0) * 8) / 1e6,
      cpuMs: cpu,
      rssMb: (await rssBytes(rival.pid)) / 2 ** 20,
    }
  } finally {
    await players.stop()
    await publisher.stop()
  }
}

const counts = process.argv.slice(2).map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
  console.error('usage: node bench/rtmp.ts [players…], as in node bench/rtmp.ts 50 200')
  process.exit(2)
}

const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
try {
  const clip = await makeClip(directory, CLIP_SECONDS)
  for (const count of counts.length > 0 ? counts : [50, 200]) {
    const results: Result[] = []
    for (const start of [startNginx, startMillrace]) {
      const rival = await start(directory)
      try {
        results.push(await measure(rival, clip, count))
      } finally {
        await rival.stop()
      }
      const { rival: name, players, served, mbit, cpuMs: cpu, rssMb } = results.at(-1) as Result
      const perMbit = (cpu / mbit).toFixed(3)
      console.log(
        `${name.padEnd(9)} ${String(players).padStart(4)} players  ${served} served  ${mbit.toFixed(0).padStart(6)} Mbit  ${perMbit} CPU ms/Mbit  ${rssMb.toFixed(0)} MiB`,
      )
    }
    const [nginx, millrace] = results
    if (nginx && millrace)
      console.log(`ratio     ${String(count).padStart(4)} players  ${(millrace.cpuMs / millrace.mbit / (nginx.cpuMs / nginx.mbit)).toFixed(2)}`)
    if (results.some(({ served, players }) => served < players)) process.exitCode = 1
  }
} finally {
  await rm(directory, { recursive: true })
}
