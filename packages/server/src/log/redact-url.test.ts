import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactUrl } from './redact-url.ts'

const CASES: readonly (readonly [url: string, shown: string])[] = [
  ['rtsp://admin:secret@10.0.0.5:554/axis-media/media.amp', 'rtsp://***@10.0.0.5:554/axis-media/media.amp'],
  ['rtsp://admin@camera/stream', 'rtsp://***@camera/stream'],
  ['rtsp://admin:p@ss@camera/stream', 'rtsp://***@camera/stream'],
  ['rtsp://admin:p/ss@camera/stream', 'rtsp://***@camera/stream'],
  ['rtsp://camera/stream', 'rtsp://camera/stream'],
  ['rtsp://camera/stream?profile=1', 'rtsp://camera/stream?profile=1'],
  ['rtsp://camera/cgi?user=admin&password=secret&channel=1', 'rtsp://camera/cgi?user=***&password=***&channel=1'],
  ['rtmp://host/live/name?streamKey=abc', 'rtmp://host/live/name?streamKey=***'],
  ['http://host/hall/index.m3u8?jwt=a.b.c&pass=x&session=1', 'http://host/hall/index.m3u8?jwt=***&pass=***&session=1'],
  ['file:/srv/clips/a@b.mp4', 'file:/srv/clips/a@b.mp4'],
  ['not a url', 'not a url'],
]

for (const [url, shown] of CASES) test(`${shown} is shown`, () => assert.equal(redactUrl(url), shown))
