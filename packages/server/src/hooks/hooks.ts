import type { Config } from '../config/schema.ts'
import type { Running, ServerContext } from '../net/context.ts'
import type { ServerEvent } from '../net/event-bus.ts'
import type { ResolvedPath } from '../net/path-directory.ts'
import { Command } from './command.ts'
import { hookVariables } from './hook-variables.ts'
import { Webhooks } from './webhooks.ts'

/** The keys of a path that hold commands. */
type CommandKey = 'runOnReady' | 'runOnNotReady' | 'runOnRead' | 'runOnUnread' | 'runOnPublish'

/** What begins a command that lasts, and what ends it. */
const LASTING = {
  'path-ready': { begins: 'runOnReady', restart: 'runOnReadyRestart' },
  'publisher-connected': { begins: 'runOnPublish', restart: undefined },
  'reader-joined': { begins: 'runOnRead', restart: 'runOnReadRestart' },
} as const

const ENDING = {
  'path-not-ready': { ends: 'path-ready', runs: 'runOnNotReady' },
  'publisher-left': { ends: 'publisher-connected', runs: undefined },
  'reader-left': { ends: 'reader-joined', runs: 'runOnUnread' },
} as const

type Lasting = keyof typeof LASTING

/** All commands are gone by then, or are killed. */
const CLOSE_LIMIT_MS = 2200

export type HooksOptions = {
  readonly config: () => Config['hooks']
  /** undefined where RTSP is off. */
  readonly rtspPort: () => number | undefined
}

/** Runs commands and tells webhooks when something happens to paths, readers and publishers. Listens to events, and is in nobody's way. */
export class Hooks implements Running {
  readonly #context: Pick<ServerContext, 'paths' | 'events' | 'log'>
  readonly #options: HooksOptions
  readonly #commands = new Set<Command>()
  /** Commands that end with what began them. */
  readonly #lasting = new Map<string, Command>()
  readonly #webhooks: Webhooks
  readonly #unsubscribe: () => void
  /** Commands that were not run because too many did. */
  skipped = 0

  constructor(context: Pick<ServerContext, 'paths' | 'events' | 'log'>, options: HooksOptions) {
    this.#context = context
    this.#options = options
    this.#webhooks = new Webhooks(options.config, context.log)
    this.#unsubscribe = context.events.subscribe((event) => this.#handle(event))
    process.once('exit', this.#killAll)
  }

  /** Commands that run now. */
  get running(): number {
    return this.#commands.size
  }

  /** Ends all commands with what they started. */
  async close(): Promise<void> {
    this.#unsubscribe()
    for (const command of [...this.#commands]) command.stop()
    this.#webhooks.close()
    const deadlineMs = performance.now() + CLOSE_LIMIT_MS
    while (this.#commands.size > 0 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20))
    this.#killAll()
    process.off('exit', this.#killAll)
  }

  #handle(event: ServerEvent): void {
    this.#webhooks.send(event)
    if (event.path === undefined) return
    const path = this.#context.paths.resolvePath(event.path)
    if (isEnding(event.type)) {
      const { ends, runs } = ENDING[event.type]
      this.#lasting.get(lastingKey(ends, event))?.stop()
      if (path && runs) this.#run(runs, path, event, false)
    } else if (path && isLasting(event.type)) {
      const { begins, restart } = LASTING[event.type]
      this.#run(begins, path, event, restart !== undefined && path.config[restart], lastingKey(event.type, event))
    }
  }

  /** @param key of a command that lasts; without it, it has limited time */
  #run(name: CommandKey, path: ResolvedPath, event: ServerEvent, restart: boolean, key?: string): void {
    const text = path.config[name]
    if (text === undefined) return
    const log = this.#context.log.child({ path: path.name, hook: name })
    const { maxCommands, commandTimeout } = this.#options.config()
    if (this.#commands.size >= maxCommands) {
      this.skipped++
      log.warn({ running: this.#commands.size, skipped: this.skipped }, 'hook not run: hooks.maxCommands run already')
      return
    }
    const command: Command = new Command({
      command: text,
      env: hookVariables(event, path, this.#options.rtspPort()),
      restart,
      ...(key === undefined && { timeoutMs: commandTimeout }),
      log,
      ended: () => {
        this.#commands.delete(command)
        if (key !== undefined && this.#lasting.get(key) === command) this.#lasting.delete(key)
      },
    })
    this.#commands.add(command)
    if (key !== undefined) this.#lasting.set(key, command)
  }

  readonly #killAll = (): void => {
    for (const command of this.#commands) command.kill()
  }
}

const isLasting = (type: string): type is Lasting => Object.hasOwn(LASTING, type)
const isEnding = (type: string): type is keyof typeof ENDING => Object.hasOwn(ENDING, type)

/** A path is ready once; readers and publishers are told apart by their sessions. */
const lastingKey = (type: Lasting, { path = '', session = '' }: ServerEvent): string => (type === 'path-ready' ? `${type} ${path}` : `${type} ${session}`)
