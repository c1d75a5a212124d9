/**
 * A playlist whose addresses all have a query: what is in it comes back with each request of who plays it.
 * @param query without `?`; of characters that need no escaping in a quoted attribute, RFC 8216 section 4.2
 */
export const withQuery = (playlist: string, query: string): string =>
  query === ''
    ? playlist
    : playlist.replace(/^(?!#)\S+$/gm, (address) => `${address}?${query}`).replace(/(?<=[:,]URI=")[^"]+/g, (address) => `${address}?${query}`)
