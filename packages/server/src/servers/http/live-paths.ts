import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { Hub, PathState } from '@millrace/media/hub/hub.ts'

/** A live path as the pages show it. */
export type LivePath = {
  readonly name: string
  /** Codecs by their names for people, `H.264`. */
  readonly tracks: readonly string[]
  /** The publisher's protocol; absent while it is gone and its readers wait for it. */
  readonly publisher?: string
  readonly readers: number
}

export const livePaths = (hub: Hub): LivePath[] => hub.list().map(livePath)

const livePath = ({ name, publisher, stream }: PathState): LivePath => ({
  name,
  tracks: stream.tracks.map((track) => codecLabel(track.codec)),
  ...(publisher && { publisher: publisher.protocol }),
  readers: stream.clients.size,
})

/** Whether somebody publishes there now. */
export const isReady = (hub: Hub, name: string): boolean =>
  hub.find(name) !== undefined && hub.list().some((path) => path.name === name && path.publisher !== undefined)
