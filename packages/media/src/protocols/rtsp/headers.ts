/** Name and value as on the wire; names compare without regard to case. */
export type RtspHeader = readonly [name: string, value: string]

type WithHeaders = { readonly headers: readonly RtspHeader[] }

/** Value of the first header with that name. */
export const headerOf = (message: WithHeaders, name: string): string | undefined => {
  const wanted = name.toLowerCase()
  return message.headers.find(([other]) => other.toLowerCase() === wanted)?.[1]
}

/** Values of all headers with that name, in order. */
export const headersNamed = (message: WithHeaders, name: string): string[] => {
  const wanted = name.toLowerCase()
  return message.headers.filter(([other]) => other.toLowerCase() === wanted).map(([, value]) => value)
}
