/** Started by the bench: many viewers in a process of their own. */
import { makeCertificate, Viewer, type ViewerCounts } from './viewer.ts'

export type ViewersCommand =
  | { readonly type: 'connect'; readonly url: string; readonly count: number; readonly checkOneOf: number }
  /** Counts begin anew. */
  | { readonly type: 'reset' }
  | { readonly type: 'report' }
  | { readonly type: 'close' }

export type ViewersReport = ViewerCounts & { readonly viewers: number; readonly delaysMs: readonly number[] }

/** Handshakes at a time: all at once measure their queue, and the server's timeouts. */
const CONNECTING = 4

const viewers: Viewer[] = []
const delaysMs: number[] = []

const sum = (): ViewersReport => {
  const total: ViewerCounts = { received: 0, checked: 0, missing: 0, faults: 0 }
  for (const { counts } of viewers) for (const name of ['received', 'checked', 'missing', 'faults'] as const) total[name] += counts[name]
  return { ...total, viewers: viewers.length, delaysMs }
}

const run = async (command: ViewersCommand): Promise<ViewersReport> => {
  if (command.type === 'connect') {
    const certificate = await makeCertificate()
    let left = command.count
    const worker = async (): Promise<void> => {
      while (left-- > 0) viewers.push(await Viewer.connect(command.url, certificate, delaysMs, command.checkOneOf))
    }
    await Promise.all(Array.from({ length: CONNECTING }, worker))
  } else if (command.type === 'reset') {
    delaysMs.length = 0
    for (const { counts } of viewers) counts.received = counts.checked = counts.missing = counts.faults = 0
  } else if (command.type === 'close') {
    await Promise.all(viewers.splice(0).map((viewer) => viewer.close()))
  }
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
