/** Why a stream ends for its readers. `message` is for people. */
export type EndReason = {
  readonly code: 'publisher-left' | 'codecs-changed' | 'source-removed' | 'server-stopping' | 'kicked'
  readonly message: string
}
