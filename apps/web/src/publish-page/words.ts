import type { PublishState } from '@millrace/client/publish-state.ts'

/** What the page says of the session. */
export type PublishWords = {
  /** In the corner of the preview. */
  readonly status: string
  /** Below the preview: what is wrong, and what to do about it. */
  readonly message?: string
  /** What the big button does now. */
  readonly button: 'Start' | 'Stop'
}

export const publishWords = (state: PublishState): PublishWords => {
  switch (state.name) {
    case 'stopped':
      return { status: '', button: 'Start' }
    case 'connecting':
      return { status: 'Connecting', button: 'Stop' }
    case 'live':
      return { status: 'Live', button: 'Stop' }
    case 'interrupted':
      return { status: 'Interrupted', message: 'The connection is interrupted; it is being restored.', button: 'Stop' }
    case 'reconnecting':
      return { status: 'Reconnecting', message: `${state.message} Trying again …`, button: 'Stop' }
    case 'failed':
      if (state.fault.wantsSignIn) return { status: 'Sign in to publish', message: 'Sign in to publish here.', button: 'Start' }
      return { status: FAILED[state.fault.kind] ?? 'Not live', message: state.fault.message, button: 'Start' }
  }
}

const FAILED: Readonly<Record<string, string>> = { busy: 'Path in use', refused: 'Refused', 'cannot-carry': 'Not taken' }

/** `1:02:03` */
export const durationWords = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return (parts[0] === 0 ? parts.slice(1) : parts).map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
