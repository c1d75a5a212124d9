import type { PathRoute } from '../../net/http-route.ts'
import { HttpError } from './http-error.ts'

export type RouteMatch = {
  readonly route: PathRoute
  /** Not checked yet. */
  readonly pathName: string
  readonly match: RegExpExecArray
}

/**
 * Finds what follows the path's name: names have slashes in them, so each slash is tried, from the last one on, until a route's tail fits.
 * @param path decoded, without leading slash: `lecture/hall-1/whep`
 * @returns undefined if no route's tail fits
 * @throws HttpError 405 if one fits but not its methods
 */
export const matchRoute = (routes: readonly PathRoute[], method: string, path: string): RouteMatch | undefined => {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const tail = path.slice(slash + 1)
    const fitting = routes.filter((route) => route.tail.test(tail))
    if (fitting.length === 0) continue
    const route = fitting.find((candidate) => allows(candidate, method))
    const match = route?.tail.exec(tail)
    if (route && match) return { route, pathName: path.slice(0, slash), match }
    throw methodNotAllowed(fitting.flatMap((candidate) => candidate.methods))
  }
  return undefined
}

/** What may be fetched may be asked for by HEAD, RFC 9110 section 9.3.2. */
const allows = (route: PathRoute, method: string): boolean => route.methods.some((allowed) => allowed === method || (method === 'HEAD' && allowed === 'GET'))

export const methodNotAllowed = (methods: readonly string[]): HttpError => {
  const allowed = [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
  return new HttpError(405, `This address takes ${allowed}.`, { allow: allowed })
}
