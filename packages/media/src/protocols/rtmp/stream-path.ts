/**
 * The path that an application and a stream name stand for. Clients split `rtmp://host/a/b/c` where they like; joined again it is the same.
 * Queries, empty parts and the prefixes that Flash servers want before file names do not count.
 */
export const streamPath = (app: string, streamName: string): string =>
  [withoutQuery(app), withoutQuery(streamName).replace(/^(?:mp4|flv):/, '')]
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')

const withoutQuery = (name: string): string => name.split('?', 1)[0] ?? ''

/** The queries of both, joined: clients put credentials at the end of either. Without `?`; empty if there is none. */
export const streamQuery = (app: string, streamName: string): string =>
  [app, streamName]
    .map((name) => /\?(.*)$/s.exec(name)?.[1] ?? '')
    .filter((query) => query !== '')
    .join('&')
