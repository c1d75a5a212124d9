import { ProtocolError } from '../bytes/protocol-error.ts'
import { type Codec, codecLabel, isCompatible } from '../codecs/codec.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { Converters } from './converters.ts'
import type { EndReason } from './end-reason.ts'
import type { HubWatcher } from './hub-watcher.ts'
import { checkPathName } from './path-name.ts'
import { Stream } from './stream.ts'
import type { Track } from './track.ts'

/** Who publishes. */
export type Publisher = ClientIdentity & {
  /**
   * When something came from it last, by the clock that `publish` is called with. Whoever has been silent for `VANISHED_MS` gives way to another
   * publisher. Absent for those that never give way.
   */
  readonly lastHeardMs?: number | undefined
  /** Told when the server wants it to stop. */
  close(message: string): void
  /** A reader needs a picture where decoding can start. Absent for publishers that cannot be asked. Called at most once a second for each track. */
  requestKeyFrame?(track: Track): void
}

/** Who is silent for so long is taken for gone when another comes: a program that was killed says no goodbye. Those that live are heard several times a second. */
export const VANISHED_MS = 3000

/** A publisher's hold on a path. */
export type Publication = {
  readonly stream: Stream
  /**
   * Where the publisher's own zero lies on the stream's timeline, in milliseconds: 0 for the first publisher,
   * later for those that continue a stream. Add it to every timestamp.
   */
  readonly originMs: number
  /**
   * The publisher is gone. Readers stay until the grace period is over. Calling it twice does nothing.
   * @param reason why, for people
   */
  close(nowMs: number, reason?: string): void
}

/** A path as lists show it. */
export type PathState = {
  readonly name: string
  readonly publisher: Publisher | undefined
  readonly stream: Stream
}

export type HubOptions = {
  readonly converters: Converters
  /** How long readers wait for a publisher that left to come back, in milliseconds. */
  readonly republishGraceMs: number
}

type Path = {
  stream: Stream
  publisher: Publisher | undefined
  startedMs: number
  /** When the publisher left; its readers are ended `republishGraceMs` later. */
  leftMs: number
}

/** The server's live paths. Knows no protocol and no clock. */
export class Hub {
  readonly #options: HubOptions
  readonly #paths = new Map<string, Path>()
  readonly #listeners = new Set<(name: string) => void>()
  readonly #watchers = new Set<HubWatcher>()

  constructor(options: HubOptions) {
    this.#options = options
  }

  /**
   * Takes a path for a publisher, from one that vanished too. Readers of an earlier publisher continue where the codecs are compatible, and are ended otherwise.
   * @param codecs one per track, in the order of the stream's tracks
   * @param fedIn the view that the publisher writes
   * @throws ProtocolError `path/busy` if another publisher holds the path, `path/invalid-name`, `path/no-tracks`
   */
  publish(name: string, codecs: readonly Codec[], fedIn: 'units' | 'packets', publisher: Publisher, nowMs: number): Publication {
    checkPathName(name)
    if (codecs.length === 0) throw new ProtocolError('path/no-tracks', `nothing to publish to ${name}: no track has a codec that this server knows`)
    this.checkFree(name, nowMs)
    this.publisherOf(name)?.close('it was silent, and another publisher came')
    let path = this.#paths.get(name)
    if (path && !sameTracks(path.stream, codecs)) {
      const now = codecs.map(codecLabel).join(' + ')
      path.stream.end({ code: 'codecs-changed', message: `the publisher of ${name} came back with other codecs (${now}): connect again` })
      path = undefined
    }
    if (path) {
      path.publisher = publisher
      codecs.forEach((codec, index) => {
        const track = path?.stream.tracks[index]
        if (track) path?.stream.setCodec(track, codec)
      })
    } else {
      path = { stream: this.#makeStream(name, codecs), publisher, startedMs: nowMs, leftMs: 0 }
      this.#paths.set(name, path)
    }
    const mine = path
    mine.stream.begin(fedIn, publisher.requestKeyFrame && ((track) => publisher.requestKeyFrame?.(track)))
    for (const watcher of this.#watchers) watcher.publisherCame?.(name, publisher, mine.stream)
    this.#changed(name)
    return {
      stream: mine.stream,
      originMs: originMs(mine, nowMs),
      close: (closedMs, reason = '') => {
        if (mine.publisher !== publisher) return
        mine.publisher = undefined
        mine.stream.forgetPublisher()
        for (const watcher of this.#watchers) watcher.publisherLeft?.(name, publisher, mine.stream, reason)
        mine.leftMs = closedMs
        if (mine.stream.clients.size === 0) this.#remove(name, mine)
        else this.#changed(name)
      },
    }
  }

  /** What a reader reads, or undefined while nobody publishes there. A stream whose publisher just left still counts as live. */
  find(name: string): Stream | undefined {
    return this.#paths.get(name)?.stream
  }

  /** @throws ProtocolError `path/busy` if a publisher holds the path that did not vanish */
  checkFree(name: string, nowMs: number): void {
    const present = this.publisherOf(name)
    if (!present || nowMs - (present.lastHeardMs ?? nowMs) >= VANISHED_MS) return
    throw new ProtocolError('path/busy', `path ${name} already has a publisher (${present.protocol} from ${present.remote}): stop that one first`)
  }

  /** Who publishes there now. */
  publisherOf(name: string): Publisher | undefined {
    return this.#paths.get(name)?.publisher
  }

  /** Live paths, by name. */
  list(): PathState[] {
    return [...this.#paths].map(([name, { publisher, stream }]) => ({ name, publisher, stream })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Ends streams whose publisher did not come back in time. Call about once a second. */
  tick(nowMs: number): void {
    for (const [name, path] of this.#paths) {
      if (path.publisher) continue
      if (path.stream.clients.size > 0 && nowMs - path.leftMs < this.#options.republishGraceMs) continue
      this.#remove(name, path)
    }
  }

  /** @returns a function that stops listening */
  onPathChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @returns a function that ends it */
  watch(watcher: HubWatcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Ends every stream and tells its publisher. */
  close(): void {
    const reason: EndReason = { code: 'server-stopping', message: 'the server is stopping' }
    for (const [name, path] of [...this.#paths]) {
      this.#paths.delete(name)
      path.publisher?.close(reason.message)
      path.stream.end(reason)
    }
  }

  #makeStream(name: string, codecs: readonly Codec[]): Stream {
    return new Stream(codecs, this.#options.converters, {
      came: (client, stream) => {
        for (const watcher of this.#watchers) watcher.readerCame?.(name, client, stream)
      },
      left: (client, reason) => {
        for (const watcher of this.#watchers) watcher.readerLeft?.(name, client, reason)
      },
    })
  }

  #remove(name: string, path: Path): void {
    this.#paths.delete(name)
    path.stream.end({ code: 'publisher-left', message: `the publisher of ${name} left` })
    this.#changed(name)
  }

  #changed(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }
}

const sameTracks = (stream: Stream, codecs: readonly Codec[]): boolean =>
  stream.tracks.length === codecs.length && stream.tracks.every((track, i) => isCompatible(track.codec, codecs[i] as Codec))

/** The time that passed since the stream began, or the end of what was written if that is later. */
const originMs = (path: Path, nowMs: number): number => {
  let origin = nowMs - path.startedMs
  for (const track of path.stream.tracks) {
    if (track.lastTicks > 0) origin = Math.max(origin, Math.ceil((track.lastTicks * 1000) / track.clockRate) + 20)
  }
  return Math.max(0, Math.round(origin))
}
