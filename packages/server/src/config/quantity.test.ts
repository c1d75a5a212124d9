import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'
import { parseDuration, parseSize } from './quantity.ts'

const DURATIONS: readonly (readonly [string, number | undefined])[] = [
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5s', 1500],
  ['1m30s', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['0s', 0],
  ['10', undefined],
  ['s', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1y', undefined],
  ['1s later', undefined],
]
for (const [text, ms] of DURATIONS) test(`duration ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), ms))

const SIZES: readonly (readonly [string, number | undefined])[] = [
  ['100B', 100],
  ['64KB', 64_000],
  ['8MB', 8_000_000],
  ['8 MB', 8_000_000],
  ['1.5MiB', 1_572_864],
  ['1GB', 1e9],
  ['8', undefined],
  ['8mb', undefined],
  ['MB', undefined],
  ['-8MB', undefined],
]
for (const [text, bytes] of SIZES) test(`size ${JSON.stringify(text)}`, () => assert.equal(parseSize(text), bytes))

const KEYS = ['enabled', 'port', 'rtpPort', 'rtcpPort']
const NEAREST: readonly (readonly [string, string | undefined])[] = [
  ['prot', 'port'],
  ['Port', 'port'],
  ['rtpport', 'rtpPort'],
  ['rtcpProt', 'rtcpPort'],
  ['enable', 'enabled'],
  ['listenAddress', undefined],
  ['x'.repeat(10_000), undefined],
]
for (const [typed, meant] of NEAREST) test(`nearest to ${typed.slice(0, 20)}`, () => assert.equal(nearest(typed, KEYS), meant))
