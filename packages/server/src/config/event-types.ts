/** What can happen, as hooks, the API and metrics name it. */
export const EVENT_TYPES = [
  'path-ready',
  'path-not-ready',
  'publisher-connected',
  'publisher-left',
  'reader-joined',
  'reader-left',
  'access-denied',
  'config-changed',
  'error',
] as const

export type EventType = (typeof EVENT_TYPES)[number]
