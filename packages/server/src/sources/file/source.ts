import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { Publication } from '@millrace/media/hub/hub.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import type { FileUnit } from './file-track.ts'
import { MediaFile } from './media-file.ts'

export type FileSourceOptions = {
  readonly path: string
  readonly file: string
  /** Begin again at the end, on and on. */
  readonly loop: boolean
}

/** Two of these are in memory: the one that is played and the one that is read meanwhile. */
const BATCH_MS = 500
/** A server that stood still for longer than this goes on from where it was, instead of sending all at once what it missed. */
const MAX_LATE_MS = 1000
const RETRY_MS = 10_000

/** Publishes a media file in real time. What cannot be played is said in the log, and tried again from time to time. */
export const startFileSource = (context: ServerContext, options: FileSourceOptions): Running => {
  const source = new FileSource(context, options)
  return { close: () => source.close() }
}

class FileSource {
  readonly #context: ServerContext
  readonly #options: FileSourceOptions
  readonly #log: Log
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>

  constructor(context: ServerContext, options: FileSourceOptions) {
    this.#context = context
    this.#options = options
    this.#log = context.log.child({ protocol: 'file', path: options.path, client: basename(options.file) })
    this.#done = this.#run()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let said: string | undefined
    while (!signal.aborted) {
      try {
        await this.#play()
        this.#log.info({}, signal.aborted ? 'stopped' : 'ended')
        return
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        // The same trouble every ten seconds is said once.
        if (message !== said) this.#complain(error, message)
        said = message
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }

  #complain(error: unknown, message: string): void {
    const { path, file } = this.#options
    const reason = `cannot be played: ${message}`
    this.#log.warn(error instanceof ProtocolError ? {} : { err: error }, reason)
    this.#context.events.publish({ type: 'error', path, protocol: 'file', remote: basename(file), reason })
  }

  async #play(): Promise<void> {
    const { hub } = this.#context
    const { path, file, loop } = this.#options
    const media = await MediaFile.open(file)
    try {
      const codecs = media.tracks.map(({ codec }) => codec)
      const publisher = { protocol: 'file', remote: basename(file), isSource: true, close: () => this.#stopping.abort() }
      const publication = hub.publish(path, codecs, 'units', publisher, monotonicMs())
      try {
        this.#log.info({}, `publishing ${codecs.map(codecLabel).join(' + ')}`)
        for (const track of media.left) this.#log.warn({}, `${track} is left out: only H.264, H.265, VP8, VP9, AV1, AAC and Opus can be published from a file`)
        await this.#pace(media.units(loop), publication)
      } finally {
        publication.close(monotonicMs())
      }
    } finally {
      media.close()
    }
  }

  /** Writes units when they are due. Every due time counts from the start, so that errors of timers do not add up. */
  async #pace(units: AsyncGenerator<FileUnit, void>, { stream, originMs }: Publication): Promise<void> {
    const { signal } = this.#stopping
    const origins = stream.tracks.map(({ clockRate }) => Math.round((originMs * clockRate) / 1000))
    let startMs = monotonicMs()
    for await (const batch of readAhead(units)) {
      for (const unit of batch) {
        const waitMs = startMs + unit.dueMs - monotonicMs()
        if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {})
        else if (waitMs < -MAX_LATE_MS) startMs -= waitMs
        if (signal.aborted) return
        const track = stream.tracks[unit.track]
        const origin = origins[unit.track]
        if (!track || origin === undefined) throw new Error(`track ${unit.track} is none of the stream's`)
        const { pts, dts, randomAccess, data } = unit
        stream.writeUnit(track, { pts: pts + origin, dts: dts + origin, randomAccess, data, arrivalMs: monotonicMs() })
      }
    }
  }
}

/** Reads the next batch from the file while the one before it is used. */
const readAhead = async function* (units: AsyncGenerator<FileUnit, void>): AsyncGenerator<FileUnit[], void> {
  let next = readBatch(units)
  for (;;) {
    const batch = await next
    if (batch.length === 0) return
    next = readBatch(units)
    // Its error is thrown when the batch is used; until then nobody waits for it.
    next.catch(() => {})
    yield batch
  }
}

const readBatch = async (units: AsyncGenerator<FileUnit, void>): Promise<FileUnit[]> => {
  const batch: FileUnit[] = []
  for (;;) {
    const { value, done } = await units.next()
    if (done) return batch
    batch.push(value)
    if (value.dueMs - (batch[0]?.dueMs ?? 0) >= BATCH_MS) return batch
  }
}
