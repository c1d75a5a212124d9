/** `Session: id;timeout=60`, RFC 2326 section 12.37. */
export type SessionHeader = { readonly id: string; readonly timeoutMs: number }

/** Where the header names no timeout. */
export const DEFAULT_SESSION_TIMEOUT_MS = 60_000

/** Undefined if there is no identifier in it. A timeout outside 1 s to an hour is taken for the nearest of those. */
export const decodeSessionHeader = (value: string): SessionHeader | undefined => {
  const [id, ...parameters] = value.split(';').map((part) => part.trim())
  if (!id || id.length > 256) return undefined
  for (const parameter of parameters) {
    const seconds = /^timeout\s*=\s*(\d{1,9})$/i.exec(parameter)?.[1]
    if (seconds) return { id, timeoutMs: Math.min(3600, Math.max(1, Number(seconds))) * 1000 }
  }
  return { id, timeoutMs: DEFAULT_SESSION_TIMEOUT_MS }
}

export const encodeSessionHeader = (session: SessionHeader): string => `${session.id};timeout=${Math.round(session.timeoutMs / 1000)}`
