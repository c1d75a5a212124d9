import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type AmfValue, decodeAmf0 } from '../../containers/flv/amf0.ts'
import { HANDSHAKE_BYTES } from './handshake.ts'
import { MESSAGE_TYPE, type RtmpMessage } from './message.ts'
import { PUBLISHER_TIMEOUT_MS, RtmpServerSession, START_TIMEOUT_MS } from './server-session.ts'
import { clientCommand, clientHandshake, clientMessage, SessionPeer } from './session-fixtures.ts'
import { streamPath } from './stream-path.ts'

/** Who says nothing of itself. */
const nobody = { query: '', userInfo: '', userAgent: '' }

const fault = (code: string) => (error: unknown) => error instanceof ProtocolError && error.code === code

const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

const CONNECT = clientCommand('connect', 1, { app: 'lecture', tcUrl: 'rtmp://host/lecture' })
const PUBLISH = concat(
  clientHandshake(),
  CONNECT,
  clientCommand('releaseStream', 2, null, 'hall-1'),
  clientCommand('FCPublish', 3, null, 'hall-1'),
  clientCommand('createStream', 4, null),
  clientCommand('publish', 5, null, 'hall-1', 'live'),
)
const PLAY = concat(clientHandshake(), CONNECT, clientCommand('createStream', 2, null), clientCommand('play', 0, null, 'hall-1'))

const audio = (timestampMs: number): Uint8Array =>
  clientMessage({ type: MESSAGE_TYPE.AUDIO, streamId: 1, timestampMs, payload: Uint8Array.of(0xaf, 1, timestampMs) })

/** A session that got the bytes at time 0. */
const started = (bytes: Uint8Array): { session: RtmpServerSession; peer: SessionPeer } => {
  const session = new RtmpServerSession(0)
  session.handleInput(0, bytes)
  return { session, peer: new SessionPeer(session) }
}

const commandOf = ({ type, payload }: RtmpMessage): readonly AmfValue[] | undefined => (type === MESSAGE_TYPE.COMMAND_AMF0 ? decodeAmf0(payload) : undefined)

const codeOf = (message: RtmpMessage): AmfValue => {
  const info = commandOf(message)?.at(-1)
  return typeof info === 'object' && info !== null && 'code' in info ? info.code : undefined
}

/** Command names, or the codes of what has one. */
const answers = (sent: readonly RtmpMessage[]): AmfValue[] => sent.flatMap((message) => codeOf(message) ?? commandOf(message)?.[0] ?? [])

const PATHS: readonly (readonly [app: string, streamName: string, path: string])[] = [
  ['lecture', 'hall-1', 'lecture/hall-1'],
  ['lecture/hall-1', '', 'lecture/hall-1'],
  ['demo', '', 'demo'],
  ['', 'demo', 'demo'],
  ['a/b', 'c/d', 'a/b/c/d'],
  ['/a/', '/b', 'a/b'],
  ['live?user=x', 'key?token=a/b', 'live/key'],
  ['vod', 'mp4:film.mp4', 'vod/film.mp4'],
  ['', '', ''],
]

for (const [app, streamName, path] of PATHS) test(`rtmp path of ${app} and ${streamName}`, () => assert.equal(streamPath(app, streamName), path))

test('the handshake is answered once C1 is there, with an echo of it', () => {
  const session = new RtmpServerSession(0)
  const peer = new SessionPeer(session)
  const hello = clientHandshake()
  session.handleInput(0, hello.subarray(0, HANDSHAKE_BYTES))
  assert.equal(peer.drain().handshake, undefined)
  session.handleInput(0, hello.subarray(HANDSHAKE_BYTES, HANDSHAKE_BYTES + 1))
  const { handshake } = peer.drain()
  assert.equal(handshake?.length, 1 + 2 * HANDSHAKE_BYTES)
  assert.equal(handshake?.[0], 3)
  assert.deepEqual(handshake?.subarray(1, 9), new Uint8Array(8), 'time and version 0: no digest')
  assert.deepEqual(handshake?.subarray(1 + HANDSHAKE_BYTES), hello.subarray(1, 1 + HANDSHAKE_BYTES))
})

test('publish: the commands of ffmpeg and OBS are answered, media comes out', () => {
  const { session, peer } = started(concat(PUBLISH, audio(23)))
  const { events, sent } = peer.drain()
  assert.deepEqual(events[0], { type: 'publish', path: 'lecture/hall-1', ...nobody })
  assert.deepEqual(answers(sent), ['NetConnection.Connect.Success', '_result', '_result', '_result'])
  assert.deepEqual(
    sent.slice(0, 3).map(({ type }) => type),
    [MESSAGE_TYPE.WINDOW_ACKNOWLEDGEMENT_SIZE, MESSAGE_TYPE.SET_PEER_BANDWIDTH, MESSAGE_TYPE.COMMAND_AMF0],
    'Set Chunk Size, between them, is the chunk layer’s',
  )
  assert.ok(events[1]?.type === 'media' && events[1].message.timestampMs === 23)
  session.acceptPublish()
  assert.deepEqual(answers(peer.drain().sent), ['NetStream.Publish.Start'])
})

test('a refused publisher is told why', () => {
  const { session, peer } = started(PUBLISH)
  peer.drain()
  session.refusePublish('NetStream.Publish.BadName', 'path lecture/hall-1 already has a publisher')
  const [status] = peer.drain().sent
  assert.deepEqual(status && decodeAmf0(status.payload), [
    'onStatus',
    0,
    null,
    { level: 'error', code: 'NetStream.Publish.BadName', description: 'path lecture/hall-1 already has a publisher' },
  ])
  assert.equal(status?.streamId, 1)
})

test('play: start, pause, end', () => {
  const { session, peer } = started(PLAY)
  assert.deepEqual(peer.drain().events, [{ type: 'play', path: 'lecture/hall-1', ...nobody }])
  session.acceptPlay()
  assert.deepEqual(answers(peer.drain().sent), ['NetStream.Play.Reset', 'NetStream.Play.Start'])
  session.handleInput(0, clientCommand('pause', 0, null, true, 0))
  const paused = peer.drain()
  assert.deepEqual(paused.events, [{ type: 'pause', paused: true }])
  assert.deepEqual(answers(paused.sent), ['NetStream.Pause.Notify'])
  session.endPlay('over')
  const end = peer.drain().sent
  assert.deepEqual(answers(end), ['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop'])
  assert.deepEqual(end[1]?.payload, Uint8Array.of(0, 1, 0, 0, 0, 1), 'StreamEOF of stream 1')
})

const ANSWERED: readonly (readonly [name: string, command: Uint8Array, answers: readonly AmfValue[]])[] = [
  ['getStreamLength', clientCommand('getStreamLength', 9, null, 'hall-1'), ['_result']],
  ['seek', clientCommand('seek', 0, null, 1000), ['NetStream.Seek.Failed']],
  ['FCSubscribe', clientCommand('FCSubscribe', 9, null, 'hall-1'), ['_result', 'NetStream.Play.Start']],
  ['deleteStream', clientCommand('deleteStream', 0, null, 1), ['NetStream.Play.Stop']],
  ['an unknown call', clientCommand('dance', 9, null), ['NetConnection.Call.Failed']],
  ['an unknown call that wants no answer', clientCommand('dance', 0, null), []],
  [
    'a command "of AMF3"',
    clientMessage({
      type: MESSAGE_TYPE.COMMAND_AMF3,
      streamId: 0,
      timestampMs: 0,
      payload: concat(Uint8Array.of(0), clientCommand('seek', 0, null).subarray(12)),
    }),
    ['NetStream.Seek.Failed'],
  ],
]

for (const [name, command, expected] of ANSWERED) {
  test(`while playing: ${name}`, () => {
    const { session, peer } = started(PLAY)
    peer.drain()
    session.handleInput(0, command)
    assert.deepEqual(answers(peer.drain().sent), expected)
  })
}

test('a ping is answered with its time', () => {
  const { session, peer } = started(PLAY)
  peer.drain()
  session.handleInput(0, clientMessage({ type: MESSAGE_TYPE.USER_CONTROL, streamId: 0, timestampMs: 0, payload: Uint8Array.of(0, 6, 1, 2, 3, 4) }))
  assert.deepEqual(peer.drain().sent[0]?.payload, Uint8Array.of(0, 7, 1, 2, 3, 4))
})

test('what comes is acknowledged by the window that the client sets', () => {
  const { session, peer } = started(PUBLISH)
  peer.drain()
  session.handleInput(
    0,
    clientMessage({ type: MESSAGE_TYPE.WINDOW_ACKNOWLEDGEMENT_SIZE, streamId: 0, timestampMs: 0, payload: Uint8Array.of(0, 0, 0x03, 0xe8) }),
  )
  session.handleInput(0, audio(1))
  const [ack, ...more] = peer.drain().sent
  assert.equal(ack?.type, MESSAGE_TYPE.ACKNOWLEDGEMENT)
  assert.deepEqual(more, [], 'not once for each message')
})

test('an aggregate is taken apart, its times count from its own', () => {
  const { session, peer } = started(PUBLISH)
  peer.drain()
  const tag = (timestamp: number): number[] => [8, 0, 0, 1, 0, 0, timestamp, 0, 0, 0, 0, 0xaf, 0, 0, 0, 12]
  const payload = Uint8Array.from([...tag(5), ...tag(28)])
  session.handleInput(0, clientMessage({ type: MESSAGE_TYPE.AGGREGATE, streamId: 1, timestampMs: 1000, payload }))
  const times = peer.drain().events.map((event) => event.type === 'media' && event.message.timestampMs)
  assert.deepEqual(times, [1000, 1023])
})

test('who neither publishes nor plays is closed in time', () => {
  const session = new RtmpServerSession(0)
  const peer = new SessionPeer(session)
  assert.equal(peer.drain().wakeAtMs, START_TIMEOUT_MS)
  session.handleTimeout(START_TIMEOUT_MS - 1)
  assert.throws(() => session.handleTimeout(START_TIMEOUT_MS), fault('rtmp/start-timeout'))
})

test('a silent publisher is closed, a player may be silent', () => {
  const publishing = started(PUBLISH)
  publishing.session.handleInput(1000, audio(0))
  publishing.session.handleTimeout(PUBLISHER_TIMEOUT_MS)
  assert.equal(publishing.peer.drain().wakeAtMs, 1000 + PUBLISHER_TIMEOUT_MS)
  assert.throws(() => publishing.session.handleTimeout(1000 + PUBLISHER_TIMEOUT_MS), fault('rtmp/publisher-silent'))
  started(PLAY).session.handleTimeout(Number.MAX_SAFE_INTEGER)
})

test('a client may stop and begin anew on the same connection', () => {
  const { session, peer } = started(PUBLISH)
  peer.drain()
  session.handleInput(0, concat(clientCommand('FCUnpublish', 6, null, 'hall-1'), clientCommand('deleteStream', 7, null, 1), audio(9)))
  assert.deepEqual(peer.drain().events, [{ type: 'stop' }])
  session.handleInput(0, clientCommand('publish', 8, null, 'hall-2'))
  assert.deepEqual(peer.drain().events, [{ type: 'publish', path: 'lecture/hall-2', ...nobody }])
})

const REFUSED: readonly (readonly [name: string, bytes: Uint8Array, code: string])[] = [
  ['HTTP', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'), 'rtmp/version'],
  ['RTMPE', Uint8Array.of(6), 'rtmp/version'],
  ['publish before connect', concat(clientHandshake(), clientCommand('publish', 1, null, 'a')), 'rtmp/not-connected'],
  ['a second connect', concat(clientHandshake(), CONNECT, CONNECT), 'rtmp/connected-twice'],
  ['publish while playing', concat(PLAY, clientCommand('publish', 3, null, 'a')), 'rtmp/already-started'],
  ['a command without name', concat(clientHandshake(), clientCommand(1)), 'rtmp/command'],
]

for (const [name, bytes, code] of REFUSED) test(`closed: ${name}`, () => assert.throws(() => started(bytes), fault(code)))

test('any bytes, also after a good beginning, are taken or a fault of the peer', () => {
  const beginnings = [new Uint8Array(0), clientHandshake(), concat(clientHandshake(), CONNECT), PUBLISH, PLAY]
  const seeds = REFUSED.map(([, bytes]): [Uint8Array, Uint8Array[]] => [new Uint8Array(0), [bytes]])
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (beginning, pieces) => {
      const { session, peer } = started(beginning)
      try {
        for (const piece of pieces) session.handleInput(0, piece)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
      peer.drain()
    }),
    { examples: seeds },
  )
})

test('well-formed commands and media in any order are taken or a fault of the peer', () => {
  const names = ['connect', 'createStream', 'publish', 'play', 'pause', 'deleteStream', 'closeStream', 'seek', 'FCPublish', '_result', 'x']
  const argument = fc.constantFrom<AmfValue>('a', '', 0, 1, true, null, undefined, {}, [1])
  const command = fc.tuple(fc.constantFrom(...names), fc.array(argument, { maxLength: 4 })).map(([name, args]) => clientCommand(name, ...args))
  const other = fc
    .record({ type: fc.nat(23), streamId: fc.nat(2), timestampMs: fc.nat(100), payload: fc.uint8Array({ maxLength: 12 }) })
    // Set Chunk Size would make what follows unreadable.
    .map((message) => clientMessage({ ...message, type: message.type === MESSAGE_TYPE.SET_CHUNK_SIZE ? MESSAGE_TYPE.AUDIO : message.type }))
  fc.assert(
    fc.property(fc.array(fc.oneof(command, other), { maxLength: 12 }), (messages) => {
      const { session, peer } = started(concat(clientHandshake(), CONNECT))
      try {
        for (const message of messages) session.handleInput(0, message)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
      peer.drain()
    }),
  )
})
