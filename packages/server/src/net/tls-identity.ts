import type { Server } from 'node:tls'

/** Who the server is to clients of TLS. Can change while it runs, when files are renewed. */
export type TlsIdentity = {
  /** PEM. The certificate's file may have the authority's certificates after it. */
  current(): { readonly cert: string; readonly key: string }
  /** @returns a function that stops listening */
  onChange(listener: () => void): () => void
}

const MIN_VERSION = 'TLSv1.2'

/** Options of a TLS server that is what `identity` says now. */
export const tlsOptions = (identity: TlsIdentity) => ({ ...identity.current(), minVersion: MIN_VERSION, handshakeTimeout: 10_000 }) as const

/** New connections get the new certificate; those that are there go on. */
export const followIdentity = (server: Server, identity: TlsIdentity): void => {
  const stop = identity.onChange(() => server.setSecureContext({ ...identity.current(), minVersion: MIN_VERSION }))
  server.once('close', stop)
}
