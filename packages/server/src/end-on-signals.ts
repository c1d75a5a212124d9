import type { Log } from './log/log.ts'

/**
 * One Ctrl-C reaches the server up to three times: from the terminal, which signals everything that runs in it, from npm and from
 * scripts/start.mjs, which pass on what they get. Only what comes later than this, in milliseconds, was pressed again.
 */
const SAME_SIGNAL_MS = 500

/**
 * Ends the process in good order: the first SIGINT or SIGTERM closes the server and ends it with 0; a second one ends it at once. SIGHUP of a
 * terminal that was closed does the same; without a terminal it is how administrators say that the configuration is to be read again.
 */
export const endOnSignals = (log: Log, close: () => Promise<void>, reload: () => void): void => {
  let firstMs: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now()
    if (firstMs === undefined) {
      firstMs = nowMs
      log.info({ signal }, 'stopping')
      close().then(
        () => process.exit(0),
        (error: unknown) => fail(log, error),
      )
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  process.on('SIGHUP', process.stdin.isTTY ? onSignal : reload)
  // Nobody reads the output any more: no reason to stop serving.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  // Our own fault, whatever it is: nobody knows what state this leaves, so a supervisor has to start anew.
  process.on('uncaughtException', (error) => fail(log, error))
}

const fail = (log: Log, error: unknown): never => {
  log.error({ err: error }, 'a fault of the server: it cannot go on')
  process.exit(1)
}
