import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Log } from '../log/log.ts'

/** Between the end of a command and its next run, so that one that fails at once does not fill the machine. */
const RESTART_PAUSE_MS = 5000
/** Between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 1500
/** Lines of output of one run that reach the log, and their length. */
const MAX_LINES = 100
const MAX_LINE_LENGTH = 500

export type CommandOptions = {
  /** What the shell is given. */
  readonly command: string
  readonly env: NodeJS.ProcessEnv
  /** Run again when it ends by itself. */
  readonly restart?: boolean
  /** Ended when it takes longer, in milliseconds. */
  readonly timeoutMs?: number
  readonly log: Log
  /** Runs no longer, and will not run again. */
  ended(): void
}

/** A command of a hook. It runs in a process group of its own, so that all that it starts can be ended with it. */
export class Command {
  readonly #options: CommandOptions
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopping = false

  constructor(options: CommandOptions) {
    this.#options = options
    this.#run()
  }

  /** Ends it with its whole process group: politely first, and by force soon after. */
  stop(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    clearTimeout(this.#timer)
    if (this.#child) {
      this.#signal('SIGTERM')
      this.#timer = setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS)
    } else {
      // It waited for its next run.
      this.#options.ended()
    }
  }

  /** At the very end of the server's process, when nothing can be waited for. */
  kill(): void {
    this.#isStopping = true
    this.#signal('SIGKILL')
  }

  #run(): void {
    const { command, env, log, timeoutMs } = this.#options
    const child = spawn(command, { shell: true, detached: process.platform !== 'win32', env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    this.#child = child
    log.debug({}, 'hook runs')
    const output = new Output(log)
    output.follow(child.stdout)
    output.follow(child.stderr)
    child.once('error', (error) => {
      log.warn({ reason: error.message }, 'hook could not be run')
      this.#over()
    })
    // Its own end, not that of what it left behind with our pipes in hand.
    child.once('exit', (code, signal) => {
      if (!this.#isStopping && code !== 0) log.warn({ code, signal }, 'hook failed')
      else log.debug({ code, signal }, 'hook ended')
      this.#over()
    })
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        log.warn({ afterMs: timeoutMs }, 'hook took too long and is ended')
        this.stop()
      }, timeoutMs)
    }
  }

  #over(): void {
    if (!this.#child) return
    // What it started and did not wait for ends too.
    this.#signal(this.#isStopping ? 'SIGKILL' : 'SIGTERM')
    this.#child = undefined
    clearTimeout(this.#timer)
    if (this.#options.restart && !this.#isStopping) this.#timer = setTimeout(() => this.#run(), RESTART_PAUSE_MS)
    else this.#options.ended()
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child ?? {}
    if (pid === undefined) return
    try {
      if (process.platform === 'win32') this.#child?.kill(signal)
      else process.kill(-pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }
}

/** Brings what a command prints to the log, as far as it is of use there. */
class Output {
  readonly #log: Log
  #lines = 0

  constructor(log: Log) {
    this.#log = log
  }

  follow(stream: Readable): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('error', () => undefined)
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()?.slice(0, MAX_LINE_LENGTH) ?? ''
      for (const line of lines) this.#write(line)
    })
    stream.on('end', () => rest && this.#write(rest))
  }

  #write(line: string): void {
    this.#lines++
    if (this.#lines <= MAX_LINES) this.#log.info({}, `hook: ${line.slice(0, MAX_LINE_LENGTH)}`)
    else if (this.#lines === MAX_LINES + 1) this.#log.info({}, `hook: it prints more than ${MAX_LINES} lines; the rest is left out`)
  }
}
