/**
 * A playlist whose addresses carry a token: players ask for segments and further playlists by these addresses, and send nothing else along.
 * @param playlist with relative addresses without query
 * @param token safe in URLs
 */
export const withToken = (playlist: string, token: string | undefined): string => {
  if (token === undefined) return playlist
  const query = `?token=${token}`
  return playlist.replace(/^[^#\s]\S*$/gm, (uri) => `${uri}${query}`).replace(/URI="([^"]+)"/g, (_whole, uri: string) => `URI="${uri}${query}"`)
}
