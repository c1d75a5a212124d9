import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from './config-error.ts'
import { loadConfig, parseConfig } from './load-config.ts'

const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseConfig('millrace.yml', text, env)

const faultsOf = (text: string, env: NodeJS.ProcessEnv = {}): string => {
  try {
    parse(text, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'none'
}

const PATH_DEFAULTS = parse('').pathDefaults

describe('parseConfig', () => {
  test('without a file everything has a default, and only this machine can connect', () => {
    const config = parse('')
    assert.equal(config.host, '127.0.0.1')
    assert.deepEqual(config.rtsp, { enabled: true, port: 8554, rtpPort: 8000, rtcpPort: 8001, encryption: 'optional', tlsPort: 8322 })
    assert.deepEqual([config.rtmp.port, config.hls.port, config.webrtc.port, config.webrtc.icePort], [1935, 8888, 8889, 8189])
    assert.deepEqual([config.republishGrace, config.readerQueue], [10_000, { maxBytes: 8_000_000, maxAge: 5000 }])
    assert.deepEqual(config.paths, {})
  })

  test('keys without a value count as not there, paths without settings as paths', () => {
    assert.deepEqual(parse('rtsp:\nhls:\n  port:\npaths:\n'), parse(''))
    assert.deepEqual(parse('paths:\n  cam1:\n').paths, { cam1: PATH_DEFAULTS })
  })

  test('paths take from pathDefaults what they do not say themselves', () => {
    const { paths } = parse(
      'pathDefaults: { sourceOnDemand: true, rtspTransport: tcp }\npaths:\n  ~cam(\\d): { source: rtsp://10.0.0.5/$G1 }\n  x: { rtspTransport: auto, sourceOnDemand: false }',
    )
    assert.deepEqual(paths['~cam(\\d)'], { ...PATH_DEFAULTS, source: 'rtsp://10.0.0.5/$G1', sourceOnDemand: true, rtspTransport: 'tcp' })
    assert.deepEqual(paths.x, PATH_DEFAULTS)
  })

  test('reads what is written', () => {
    const config = parse(
      'republishGrace: 1m30s\nreaderQueue: { maxBytes: 2MiB }\npaths:\n  lecture/hall-1: { source: "rtsp://u:p@10.0.0.5/axis-media/media.amp", rtspTransport: tcp }\n',
    )
    assert.equal(config.republishGrace, 90_000)
    assert.equal(config.readerQueue.maxBytes, 2 * 1024 * 1024)
    assert.deepEqual(config.paths['lecture/hall-1'], { source: 'rtsp://u:p@10.0.0.5/axis-media/media.amp', ...PATH_DEFAULTS, rtspTransport: 'tcp' })
  })

  const FAULTS: readonly (readonly [text: string, fault: RegExp])[] = [
    ['rtspAddress: :8554', /^millrace\.yml:1:1: rtspAddress is a key of MediaMTX: docs\/18-from-mediamtx\.md /],
    ['rtsp:\n  prot: 8554', /^millrace\.yml:2:3: rtsp\.prot is no key that is known: did you mean port\?/],
    ['logLevl: info', /^millrace\.yml:1:1: logLevl .*did you mean logLevel\?/],
    ['paths:\n  cam1:\n    sorce: x', /^millrace\.yml:3:5: paths\.cam1\.sorce .*did you mean source\?/],
    [
      'rtmp:\n  zebra: 1',
      /^millrace\.yml:2:3: rtmp\.zebra is no key that is known \(known below rtmp: enabled, port, encryption, tlsPort, certificate, key\)$/,
    ],
    ['paths:\n  ~(a+)+: {}', /^millrace\.yml:2:3: ~\(a\+\)\+ could take very long/],
    ['paths: { "~cam(": {} }', /is no regular expression/],
    [
      'paths:\n  ~cam(.):\n    source: rtsp://10.0.0.5/$G1',
      /^millrace\.yml:3:5: paths\.~cam\(\.\)\.sourceOnDemand is missing: must be true beside a source of many paths/,
    ],
    ['paths: { all_others: { sourceOnDemand: true, source: "rtsp://10.0.0.5/$G1" } }', /has \$G1 in it, but groups up to \$G0 only/],
    ['paths: { cam1: { source: "rtsp://10.0.0.5/$G0" } }', /may have \$G0 in it only below a ~regex or all_others/],
    ['pathDefaults: { sourceOnDemandCloseAfter: 2h }', /pathDefaults\.sourceOnDemandCloseAfter is "2h": must be a duration/],
    ['rtsp:\n  port: 85x4', /^millrace\.yml:2:9: rtsp\.port is "85x4": must be a port number .*0 to 65535/],
    ['rtsp: { port: 65536 }', /rtsp\.port is 65536: must be a port number/],
    ['rtsp: { port: 1.5 }', /rtsp\.port is 1\.5: must be a port number/],
    ['rtsp: 8554', /^millrace\.yml:1:7: rtsp is 8554: must be a section/],
    ['rtmp: [1935]', /rtmp is a list: must be a section/],
    ['demo: "yes"', /demo is "yes": must be true or false/],
    ['logLevel: verbose', /logLevel is "verbose": must be error, warn, info or debug/],
    ['host: "127.0.0.1:80"', /host is "127\.0\.0\.1:80": must be an IP address, without port/],
    ['host: example.org', /host is "example\.org": must be an IP address/],
    ['republishGrace: 10', /republishGrace is 10: must be a duration from 0s to 10m, such as 10s/],
    ['republishGrace: 2h', /republishGrace is "2h": must be a duration from 0s to 10m/],
    ['readerQueue: { maxBytes: 8 megs }', /readerQueue\.maxBytes is "8 megs": must be a size from 64KB to 1GB/],
    ['webrtc: { additionalHosts: example.org }', /webrtc\.additionalHosts is "example\.org": must be a list/],
    ['webrtc: { additionalHosts: ["a b"] }', /webrtc\.additionalHosts\.0 is "a b": must be an IP address/],
    ['paths:\n  "a b": {}', /^millrace\.yml:2:3: path name "a b" may only have letters/],
    ['paths:\n  cam: { source: "http://camera/" }', /^millrace\.yml:2:18: paths\.cam\.source is "http:\/\/camera\/": must be an RTSP URL .* or a file/],
    ['paths:\n  cam: { source: "rtsp://admin:p/w@camera/x" }', /paths\.cam\.source is "rtsp:\/\/\*\*\*@camera\/x": must be an RTSP URL .*%2F for \//],
    ['paths:\n  cam: { source: "rtsp://camera:0/x" }', /must be an RTSP URL/],
    ['paths:\n  cam: { source: 7 }', /paths\.cam\.source is 7: must be an RTSP URL/],
    ['a: 1\na: 2', /^millrace\.yml:2:1: this key is there twice/],
    ['rtsp: "x', /^millrace\.yml:1:9: /],
    ['tls: { certificate: a.pem }', /^millrace\.yml:1:6: tls is a section: must have certificate and key together, or neither/],
    ['rtsp: { encryption: yes }', /rtsp\.encryption is "yes": must be no, optional or strict/],
    ['rtmp: { tlsPort: 8322 }', /rtmp\.tlsPort is 8322: rtsp\.tlsPort has this TCP port too/],
    ['limits: { exempt: [10.0.0.0/33] }', /limits\.exempt\.0 is "10\.0\.0\.0\/33": must be an IP address or network/],
    ['- rtsp', /^millrace\.yml: the configuration is a list: must be a section/],
    ['hls: { port: 1935 }', /^millrace\.yml:1:14: hls\.port is 1935: rtmp\.port has this TCP port too/],
    ['rtsp: { port: 1935 }', /^millrace\.yml:1:15: rtsp\.port is 1935: rtmp\.port has this TCP port too/],
    ['webrtc: { additionalHosts: ["192.0.2.1:0"] }', /"192\.0\.2\.1:0": must be an IP address, with the port/],
    ['webrtc: { additionalHosts: ["2001:db8::1:18189:1:1:1:1:1"] }', /must be an IP address/],
    ['webrtc: { additionalHosts: ["[192.0.2.1]:1"] }', /must be an IP address/],
    ['webrtc: { iceServers: [{ urls: ["http://x"] }] }', /webrtc\.iceServers\.0\.urls\.0 is "http:\/\/x": must be a STUN or TURN server/],
    ['webrtc: { iceServers: [{ urls: ["turn:x"] }] }', /webrtc\.iceServers\.0.*must have username and credential/],
    ['webrtc: { iceServers: [{ urls: ["turn:x"], username: "a", credential: "b\\n" }] }', /letters, digits and signs of ASCII/],
    ['webrtc: { icePort: 8888 }', /webrtc\.icePort is 8888: hls\.port has this TCP port too/],
    ['webrtc: { icePort: 8001 }', /webrtc\.icePort is 8001: rtsp\.rtcpPort has this UDP port too/],
  ]
  for (const [text, fault] of FAULTS) test(`refuses ${JSON.stringify(text)}`, () => assert.match(faultsOf(text), fault))

  test('names all faults, in the order of the file', () => {
    const lines = faultsOf('rtsp:\n  prot: 1\nhost: 1\nfoo: 2').split('\n')
    assert.deepEqual(
      lines.map((line) => line.split(':')[1]),
      ['2', '3', '4'],
    )
  })

  test('never shows credentials', () => {
    const text = faultsOf('paths:\n  cam: { source: "http://admin:secret@camera/x?password=hidden" }')
    assert.match(text, /\*\*\*@camera/)
    assert.doesNotMatch(text, /admin|secret|hidden/)
  })

  const ICE_SERVER = 'webrtc:\n  iceServers:\n    - urls: ["turn:turn.example.org:3478"]\n      username: hall\n'
  for (const [what, text, fault] of [
    ['with a line break', `${ICE_SERVER}      credential: "s3cret\\nx"`, /credential is a string: must be/],
    ['of digits alone', `${ICE_SERVER}      credential: 535353`, /credential is a number: must be/],
    ['as a list', `${ICE_SERVER}      credential: [s3cret]`, /credential is a list/],
    [
      'with a slip in the key',
      `${ICE_SERVER}      credentail: s3cret`,
      /did you mean credential\? \(known below webrtc\.iceServers\.0: urls, username, credential\)/,
    ],
    [
      'in the URL',
      'webrtc: { iceServers: [{ urls: ["turn:hall:s3cret@turn.example.org"] }] }',
      /urls\.0 is "\*\*\*@turn\.example\.org": must be a STUN or TURN server/,
    ],
    ['in place of the section', 'webrtc: { iceServers: ["turn:hall:s3cret@turn.example.org"] }', /iceServers\.0 is a string/],
    ['in place of the list', 'webrtc: { iceServers: s3cret }', /iceServers is a string/],
    ['that begins as an alias', `${ICE_SERVER}      credential: *s3cret`, /begins with \* needs quotes/],
    ['that begins as a block', `${ICE_SERVER}      credential: | s3cret`, /Not a YAML token/],
    ['that begins as a block with signs', `${ICE_SERVER}      credential: |s3cret`, /millrace\.yml:5:/],
    ['after quotes', `${ICE_SERVER}      credential: "" s3cret`, /millrace\.yml:5:/],
    ['with a wrong escape', `${ICE_SERVER}      credential: "\\s3cret"`, /Invalid escape sequence$/],
    ['of a camera whose URL has a slip', 'paths: { cam: { source: "rtsp//admin:s3cret@camera" } }', /source is "\*\*\*@camera"/],
  ] as const) {
    test(`does not show a credential ${what}`, () => {
      const shown = faultsOf(text)
      assert.match(shown, fault)
      assert.doesNotMatch(shown, /s3cret|5353|admin/)
    })
  }

  test('the same port is no fault for TCP and UDP, for servers that are off, and for 0', () => {
    for (const text of ['rtsp: { rtpPort: 1935 }', 'rtmp: { enabled: false, port: 8554 }', 'rtsp: { port: 0 }\nrtmp: { port: 0 }'])
      assert.equal(faultsOf(text), 'none')
  })

  test('bounds what aliases unfold to, nesting and size', () => {
    const tens = (name: string, of: string) => `${name}: &${name} [${Array.from({ length: 10 }, () => of).join(', ')}]\n`
    assert.match(faultsOf(`a: &a [1]\n${tens('b', '*a')}${tens('c', '*b')}${tens('d', '*c')}`), /aliases unfold to too much/)
    assert.match(faultsOf('['.repeat(50_000)), /nested too deeply/)
    assert.match(faultsOf(`# ${'x'.repeat(1024 * 1024)}`), /larger than/)
  })

  test('any text is a configuration or a fault', () => {
    const fragment = fc.constantFrom(
      'rtsp:',
      ' port: ',
      '8554',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '"',
      'paths:',
      'source: ',
      '__proto__',
      ': ',
      '!!int ',
      '? ',
      '<<: ',
    )
    const text = fc.array(fc.oneof(fragment, fc.string()), { maxLength: 20 }).map((parts) => parts.join(''))
    fc.assert(fc.property(text, (input) => typeof faultsOf(input) === 'string'))
  })
})

describe('environment', () => {
  test('overrides the file, and makes sections and paths that it does not have', () => {
    const config = parse('rtsp: { port: 1 }\npaths: { lecture/hall-1: { rtspTransport: tcp } }', {
      MILLRACE_RTSP_PORT: '9554',
      MILLRACE_RTSP_RTP_PORT: '9000',
      MILLRACE_REPUBLISH_GRACE: '3s',
      MILLRACE_DEMO: 'false',
      MILLRACE_WEBRTC_ADDITIONAL_HOSTS: '192.0.2.1:18189, 2001:db8::1',
      MILLRACE_WEBRTC_ICE_SERVERS: 'stun:stun.example.org, stun:[2001:db8::3]:3478',
      MILLRACE_PATHS_LECTURE_HALL_1_SOURCE: 'rtsp://10.0.0.5/a',
      MILLRACE_PATHS_CAM1_SOURCE: 'rtsp://10.0.0.6/b',
      MILLRACE_PATHS_CAM1_RTSP_TRANSPORT: 'udp',
      MILLRACE_HLS_PORT: '',
      MILLRACE_CONFIG: 'elsewhere.yml',
      MILLRACE_NATIVE: 'off',
      HOME: '/root',
    })
    assert.deepEqual([config.rtsp.port, config.rtsp.rtpPort, config.republishGrace, config.demo, config.hls.port], [9554, 9000, 3000, false, 8888])
    assert.deepEqual(config.webrtc.additionalHosts, [
      { address: '192.0.2.1', port: 18189 },
      { address: '2001:db8::1', port: undefined },
    ])
    assert.deepEqual(config.webrtc.iceServers, [{ urls: ['stun:stun.example.org'] }, { urls: ['stun:[2001:db8::3]:3478'] }])
    assert.deepEqual(config.paths, {
      'lecture/hall-1': { source: 'rtsp://10.0.0.5/a', ...PATH_DEFAULTS, rtspTransport: 'tcp' },
      cam1: { source: 'rtsp://10.0.0.6/b', ...PATH_DEFAULTS, rtspTransport: 'udp' },
    })
  })

  test('numbers, lists and texts are what the key wants', () => {
    const config = parse('', {
      MILLRACE_PATH_DEFAULTS_SOURCE_ON_DEMAND: 'true',
      MILLRACE_PATHS_CAM1_SOURCE_ON_DEMAND_CLOSE_AFTER: '1s',
      MILLRACE_WEBRTC_ICE_SERVERS: '[{ urls: [turn:turn.example.org], username: hall, credential: "1234" }]',
    })
    assert.deepEqual(config.paths.cam1, { ...PATH_DEFAULTS, sourceOnDemand: true, sourceOnDemandCloseAfter: 1000 })
    assert.deepEqual(config.webrtc.iceServers, [{ urls: ['turn:turn.example.org'], username: 'hall', credential: '1234' }])
  })

  const FAULTS: readonly (readonly [variable: string, value: string, fault: RegExp])[] = [
    ['MILLRACE_RTSP_PROT', '1', /^environment variable MILLRACE_RTSP_PROT: is unknown: did you mean MILLRACE_RTSP_PORT\?/],
    ['MILLRACE_CONFG', 'x', /did you mean MILLRACE_CONFIG\?/],
    ['MILLRACE_PATHS_CAM1_SORCE', 'x', /MILLRACE_PATHS_CAM1_SORCE: is unknown: did you mean MILLRACE_PATHS_CAM1_SOURCE\?/],
    ['MILLRACE_QUITE_ELSEWHERE', 'x', /is unknown: docs\/7-configuration\.md lists/],
    ['MILLRACE_RTSP_PORT', 'x', /^environment variable MILLRACE_RTSP_PORT: rtsp\.port is "x": must be a port number/],
    ['MILLRACE_RTMP_PORT', '8554', /^environment variable MILLRACE_RTMP_PORT: rtmp\.port is 8554: rtsp\.port has this TCP port too/],
  ]
  for (const [variable, value, fault] of FAULTS) {
    test(`refuses ${variable}=${value}`, () => assert.match(faultsOf('paths: { cam1: {} }', { [variable]: value }), fault))
  }
})

describe('loadConfig', () => {
  test('reads the file that is named, else the one of MILLRACE_CONFIG', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
    try {
      const named = join(folder, 'named.yml')
      const ofEnvironment = join(folder, 'environment.yml')
      writeFileSync(named, 'host: 192.0.2.1')
      writeFileSync(ofEnvironment, 'host: 192.0.2.2')
      const env = { MILLRACE_CONFIG: ofEnvironment }
      assert.deepEqual([loadConfig(named, env).config.host, loadConfig(named, env).file], ['192.0.2.1', named])
      assert.equal(loadConfig(undefined, env).config.host, '192.0.2.2')
      assert.throws(() => loadConfig(join(folder, 'none.yml'), {}), /none\.yml: cannot be read \(ENOENT\)/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
