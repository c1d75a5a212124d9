import { z } from 'zod'
import { EVENT_TYPES } from '../event-types.ts'
import { duration, flag, integer, section, text } from '../fields.ts'

const COMMAND = 'a command for the shell'

/** What a path may run when something happens to it. */
export const hookKeys = {
  runOnReady: text(4096, COMMAND).describe('run when somebody publishes to the path, ended when it is over'),
  runOnReadyRestart: flag(false).describe('run runOnReady again when it ends by itself'),
  runOnNotReady: text(4096, COMMAND).describe('run when the path is no longer published to'),
  runOnRead: text(4096, COMMAND).describe('run for each reader, ended when it leaves'),
  runOnReadRestart: flag(false).describe('run runOnRead again when it ends by itself'),
  runOnUnread: text(4096, COMMAND).describe('run when a reader has left'),
  runOnPublish: text(4096, COMMAND).describe('run when a publisher has connected, ended when it leaves; unlike runOnReady for each publisher that comes back'),
}

const URL_ERROR = 'must be an http or https URL without user and password: https://example.edu/millrace-events'

const isWebhookUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

const EVENTS_ERROR = `must be some of ${EVENT_TYPES.join(', ')}`

const webhook = section({
  url: z.string({ error: URL_ERROR }).refine(isWebhookUrl, { error: URL_ERROR }).describe('where events are sent, by POST, as JSON'),
  events: z
    .array(z.literal(EVENT_TYPES, { error: EVENTS_ERROR }), { error: EVENTS_ERROR })
    .min(1, { error: EVENTS_ERROR })
    .default(['path-ready', 'path-not-ready', 'reader-joined', 'reader-left', 'publisher-connected', 'publisher-left'])
    .describe('which events'),
  secret: text(256, 'a secret').describe('key of the signature in X-Millrace-Signature: sha256= and the HMAC of the body in hexadecimal'),
})

/** Limits of what hooks run, and webhooks. */
export const hooksSection = section({
  maxCommands: integer(64, 1, 10_000, 'a number of commands').describe(
    'commands that run at the same time; one that would be too many is not run, and the log says so',
  ),
  commandTimeout: duration('1m', '1s', '1d').describe('how long runOnNotReady and runOnUnread may take; 1s to 1d'),
  webhookTimeout: duration('5s', '100ms', '1m').describe('how long the answer to a webhook may take; 100ms to 1m'),
  webhooks: z
    .array(webhook, { error: 'must be a list of sections with url' })
    .max(16, { error: 'may have 16 entries at most' })
    .default([])
    .describe('URLs that are told what happens'),
}).prefault({})
