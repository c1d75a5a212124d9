/** Why a publication ended or never began. `message` is a sentence for people. */
export type PublishFault = {
  readonly kind: /** Somebody else publishes there. */
    | 'busy'
    /** Credentials are missing, or do not allow it. */
    | 'refused'
    /** The server takes none of the offered codecs, or no WebRTC at all. */
    | 'cannot-carry'
    /** The signalling worked, the media connection did not: a firewall, usually. */
    | 'cannot-connect'
    /** The network or the server failed; trying again may help. */
    | 'lost'
  readonly message: string
  /** Credentials may help. */
  readonly wantsSignIn?: boolean
}

/** What a page shows. `message` is a sentence for people. */
export type PublishState =
  | { readonly name: 'stopped' }
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  /** The connection is interrupted, and is being restored on the same session. */
  | { readonly name: 'interrupted' }
  /** A new session will be tried. */
  | { readonly name: 'reconnecting'; readonly message: string }
  /** It is not tried again by itself. */
  | { readonly name: 'failed'; readonly fault: PublishFault }
