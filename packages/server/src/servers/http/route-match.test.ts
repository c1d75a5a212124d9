import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PathRoute } from '../../net/http-route.ts'
import { HttpError } from './http-error.ts'
import { decodeTargetPath } from './request-target.ts'
import { matchRoute } from './route-match.ts'

const route = (methods: PathRoute['methods'], tail: RegExp): PathRoute => ({ methods, tail, handle: () => undefined })
const offer = route(['POST', 'OPTIONS'], /^whep$/)
const resource = route(['DELETE'], /^whep\/([\w-]+)$/)
const playlist = route(['GET'], /^(index\.m3u8|seg\d+\.m4s)$/)
const ROUTES = [offer, resource, playlist]

describe('matchRoute', () => {
  for (const [method, path, expected] of [
    ['POST', 'camera1/whep', [offer, 'camera1', undefined]],
    ['POST', 'lecture/hall-1/whep', [offer, 'lecture/hall-1', undefined]],
    ['DELETE', 'lecture/hall-1/whep/a-b', [resource, 'lecture/hall-1', 'a-b']],
    ['POST', 'x/whep/whep', [offer, 'x/whep', undefined]],
    ['GET', 'x/whep/index.m3u8', [playlist, 'x/whep', 'index.m3u8']],
    ['HEAD', 'x/seg12.m4s', [playlist, 'x', 'seg12.m4s']],
    ['GET', 'whep', undefined],
    ['GET', 'camera1/wheps', undefined],
    ['GET', 'camera1', undefined],
    ['GET', 'camera1/whep', 405],
    ['POST', 'camera1/index.m3u8', 405],
  ] as const) {
    it(`${method} /${path}`, () => {
      if (expected === 405) {
        assert.throws(
          () => matchRoute(ROUTES, method, path),
          (error) => error instanceof HttpError && error.status === 405 && error.headers.allow !== undefined,
        )
        return
      }
      const found = matchRoute(ROUTES, method, path)
      assert.deepEqual(found && [found.route, found.pathName, found.match[1]], expected)
    })
  }
})

describe('decodeTargetPath', () => {
  for (const [target, expected] of [
    ['/', ''],
    ['/lecture/hall-1?via=hls#x', 'lecture/hall-1'],
    ['/caf%C3%A9', 'café'],
    ['/a%2Fb', 400],
    ['/a%5cb', 400],
    ['/a%00b', 400],
    ['/a%0d%0ab', 400],
    ['/%', 400],
    ['/%c3%28', 400],
    ['/../etc/passwd', 400],
    ['/%2e%2e/etc/passwd', 400],
    ['/a/./b', 400],
    ['http://elsewhere/', 400],
    ['*', 400],
    [`/${'a'.repeat(10_000)}`, 400],
  ] as const) {
    it(target.slice(0, 40), () => {
      if (typeof expected === 'string') assert.equal(decodeTargetPath(target), expected)
      else
        assert.throws(
          () => decodeTargetPath(target),
          (error) => error instanceof HttpError && error.status === expected,
        )
    })
  }

  it('decodes or refuses whatever comes', () => {
    const pieces = fc.array(fc.constantFrom('/', '..', '%2e', '%2F', '%', '%00', '%C3', '%A9', 'a', '?', '#', '\\', ';', 'é'))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((parts) => `/${parts.join('')}`),
        ),
        (target) => {
          try {
            assert.ok(
              decodeTargetPath(target)
                .split('/')
                .every((segment) => segment !== '..'),
            )
          } catch (error) {
            assert.ok(error instanceof HttpError)
          }
        },
      ),
    )
  })
})
