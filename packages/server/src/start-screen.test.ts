import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type StartScreen, startScreen } from './start-screen.ts'

const ALL: StartScreen = {
  version: '1.2.3',
  ports: { rtsp: 8554, rtp: 8000, rtcp: 8001, rtmp: 1935, hls: 8888, webrtc: 8889, ice: 8189 },
  host: '127.0.0.1',
  networkAddresses: ['192.0.2.7'],
  demo: true,
  configFile: undefined,
  configPlaces: ['/srv/live/millrace.yml', '/etc/millrace/millrace.yml'],
}

describe('startScreen', () => {
  test('says what to watch, how to publish, who can connect and where the configuration is', () => {
    const screen = startScreen(ALL)
    for (const text of [
      'http://127.0.0.1:8889/demo',
      'http://127.0.0.1:8889/live/me/publish',
      'Server: rtmp://127.0.0.1:1935/live',
      '-f flv rtmp://127.0.0.1:1935/live/video',
      '-f rtsp rtsp://127.0.0.1:8554/video',
      'rtspclientsink location=rtsp://127.0.0.1:8554/test',
      'only this machine can connect',
      'none; looked for at /srv/live/millrace.yml and /etc/millrace/millrace.yml',
    ]) {
      assert.ok(screen.includes(text), `${text} is not in\n${screen}`)
    }
    assert.ok(screen.split('\n').length <= 24, 'more lines than a terminal has')
  })

  test('leaves out what is off', () => {
    assert.doesNotMatch(startScreen({ ...ALL, ports: { webrtc: 8889 } }), /OBS|ffmpeg|GStreamer|rtsp:|rtmp:/)
    assert.doesNotMatch(startScreen({ ...ALL, ports: { rtsp: 8554 } }), /Watch|OBS|http:/)
    assert.doesNotMatch(startScreen({ ...ALL, demo: false }), /\/demo/)
  })

  const HOSTS: readonly (readonly [host: string, local: string, reach: RegExp])[] = [
    ['0.0.0.0', 'http://127.0.0.1:8889/', /others watch and publish with a user and password.*\n.*http:\/\/192\.0\.2\.7:8889\//],
    ['192.0.2.9', 'http://192.0.2.9:8889/', /others watch and publish with a user and password.*\n.*http:\/\/192\.0\.2\.9:8889\//],
    ['2001:db8::1', 'http://[2001:db8::1]:8889/', /others watch and publish with a user and password/],
    ['::1', 'http://[::1]:8889/', /only this machine/],
  ]
  for (const [host, local, reach] of HOSTS) {
    test(`listening on ${host}`, () => {
      const screen = startScreen({ ...ALL, host })
      assert.ok(screen.includes(local))
      assert.match(screen, reach)
    })
  }
})
