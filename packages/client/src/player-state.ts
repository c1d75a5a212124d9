import type { PlaybackFault, Started, Transport } from './playback.ts'

/** What a page shows. `message` is a sentence for people. */
export type PlayerState =
  | { readonly name: 'stopped' }
  | { readonly name: 'connecting'; readonly via: Transport }
  | (Started & {
      readonly name: 'playing'
      readonly via: Transport
      /** Why it is not WebRTC, where that was tried first. */
      readonly because?: PlaybackFault
      /** Why the server sends fewer pictures than there are. */
      readonly reduced?: string
    })
  /** Starts by itself when somebody publishes. */
  | { readonly name: 'waiting-for-publisher' }
  /** It played and the publisher left; starts again by itself. */
  | { readonly name: 'ended' }
  /** The connection was lost; tries again by itself. */
  | { readonly name: 'reconnecting'; readonly message: string }
  /** `wantsSignIn`: credentials may help. */
  | { readonly name: 'refused'; readonly message: string; readonly wantsSignIn: boolean }
  | { readonly name: 'codec-unplayable'; readonly message: string }

/** Which transport to use: `auto` is WebRTC, and HLS where WebRTC does not work. */
export type PlayerMode = 'auto' | Transport
