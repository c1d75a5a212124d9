/**
 * One line for a port that cannot be used.
 * @param key the configuration key to change, `rtsp.port`
 */
export const listenErrorLine = (error: NodeJS.ErrnoException, protocol: string, transport: 'TCP' | 'UDP', port: number, key: string): string => {
  if (error.code === 'EADDRINUSE')
    return `${transport} port ${port} for ${protocol} is taken by another program: stop it, or set another ${key} in millrace.yml`
  if (error.code === 'EACCES') return `${transport} port ${port} for ${protocol} may not be opened by this user: set ${key} in millrace.yml to one above 1023`
  return `${transport} port ${port} for ${protocol} cannot be opened (${error.code ?? error.message}): check host and ${key} in millrace.yml`
}

/** A listener could not start; the message is the whole line for the user. */
export class ListenError extends Error {
  readonly port: number

  constructor(error: NodeJS.ErrnoException, protocol: string, transport: 'TCP' | 'UDP', port: number, key: string) {
    super(listenErrorLine(error, protocol, transport, port, key), { cause: error })
    this.name = 'ListenError'
    this.port = port
  }
}
