/** What servers log through; pino fits. Fields first: `{ path, protocol, client }`, then a sentence for people. Never credentials. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}
