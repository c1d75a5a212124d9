import { type ChildProcess, spawn } from 'node:child_process'

/** How much of a program's output is kept for messages, in characters. */
const KEPT_OUTPUT = 200_000

export type ChildOptions = {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** A real program that a test started. Stopped by its process id, always. */
export class Child {
  readonly name: string
  readonly process: ChildProcess
  readonly exited: Promise<number | NodeJS.Signals>
  stdout = ''
  stderr = ''
  exitCode: number | NodeJS.Signals | undefined

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.name = [command, ...args].join(' ').slice(0, 300)
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd, env: { ...process.env, ...options.env } })
    running.add(this)
    this.process.stdout?.on('data', (chunk) => {
      this.stdout = (this.stdout + chunk).slice(-KEPT_OUTPUT)
    })
    this.process.stderr?.on('data', (chunk) => {
      this.stderr = (this.stderr + chunk).slice(-KEPT_OUTPUT)
    })
    this.exited = new Promise((resolve) => {
      this.process.on('error', (error) => {
        this.stderr += `${error.message}${(error as NodeJS.ErrnoException).code === 'ENOENT' ? ' (npm test says which packages to install)' : ''}`
        this.#ended(127, resolve)
      })
      this.process.on('close', (code, signal) => this.#ended(code ?? signal ?? 'SIGKILL', resolve))
    })
  }

  #ended(code: number | NodeJS.Signals, resolve: (code: number | NodeJS.Signals) => void): void {
    this.exitCode = code
    running.delete(this)
    resolve(code)
  }

  /** Resolves when the program ends; kills it after `timeoutMs` and fails. */
  async finished(timeoutMs: number): Promise<number | NodeJS.Signals> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), timeoutMs)
    const code = await this.exited
    clearTimeout(timer)
    if (code === 'SIGKILL') throw new Error(`${this.name}: not finished after ${timeoutMs} ms\n${this.stderr.slice(-2000)}`)
    return code
  }

  /** SIGINT, then SIGKILL after 3 s. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.exitCode !== undefined) return
    this.process.kill(signal)
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 3000)
    await this.exited
    clearTimeout(timer)
  }
}

const running = new Set<Child>()
process.on('exit', () => {
  for (const child of running) child.process.kill('SIGKILL')
})

/** For `afterEach`: a test that failed leaves no program behind. */
export const stopChildren = async (): Promise<void> => {
  await Promise.all([...running].map((child) => child.stop('SIGKILL')))
}

/** Polls until `probe` gives something other than undefined or false. */
export const until = async <T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
