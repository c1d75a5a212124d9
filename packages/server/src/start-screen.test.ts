import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type StartScreen, startScreen } from './start-screen.ts'

const ALL: StartScreen = {
  version: '1.2.3',
  ports: { rtsp: 8554, rtp: 8000, rtcp: 8001, rtmp: 1935, hls: 8888, webrtc: 8889, ice: 8189, api: 9997, metrics: 9998 },
  host: '127.0.0.1',
  networkAddresses: ['192.0.2.7'],
  demo: true,
  https: 'self-made',
  access: 'internal',
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
      'only this machine can connect; for others write "host: 0.0.0.0" into /srv/live/millrace.yml',
      'doctor',
      'API port 9997',
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
    ['0.0.0.0', 'http://127.0.0.1:8889/', /https:\/\/192\.0\.2\.7:8889\/\n.*self-made.*\n.*with a user and password: npm start -- user add/],
    ['192.0.2.9', 'http://192.0.2.9:8889/', /https:\/\/192\.0\.2\.9:8889\//],
    ['2001:db8::1', 'http://[2001:db8::1]:8889/', /https:\/\/\[2001:db8::1\]:8889\//],
    ['::1', 'http://[::1]:8889/', /only this machine/],
  ]
  for (const [host, local, reach] of HOSTS) {
    test(`listening on ${host}`, () => {
      const screen = startScreen({ ...ALL, host })
      assert.ok(screen.includes(local))
      assert.match(screen, reach)
    })
  }

  test('is one screen also at the first start that is open to others', () => {
    const lines = startScreen({ ...ALL, host: '::', administratorPassword: 'shown-once' }).split('\n')
    assert.ok(lines.length <= 24, `${lines.length} lines`)
  })

  test('says by which address others publish, and who lets them in', () => {
    const open = { ...ALL, host: '0.0.0.0' }
    assert.doesNotMatch(startScreen({ ...open, https: 'configured' }), /self-made/)
    assert.match(startScreen({ ...open, https: 'off' }), /http:\/\/192\.0\.2\.7:8889\/\n.*no camera/)
    assert.doesNotMatch(startScreen({ ...open, access: 'jwt' }), /user add/)
  })
})
