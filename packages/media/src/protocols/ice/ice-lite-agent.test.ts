import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { encodeUtf8 } from '../../bytes/utf8.ts'
import { decodeStun, hasIntegrity } from '../stun/decode-stun.ts'
import { encodeStun } from '../stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '../stun/stun-constants.ts'
import type { HmacSha1, StunMessage } from '../stun/stun-message.ts'
import { CONSENT_TIMEOUT_MS, IceLiteAgent } from './ice-lite-agent.ts'

const hmacSha1: HmacSha1 = (key, message) => createHmac('sha1', key).update(message).digest()
const local = { ufrag: 'here', password: 'a password of twenty-two' }
const remote = { ufrag: 'there', password: 'another password' }
const home = { address: '192.0.2.1', port: 5000 }
const mobile = { address: '2001:db8:0:0:0:0:0:1', port: 6000 }
const key = encodeUtf8(local.password)

const makeAgent = () => new IceLiteAgent(local, remote, hmacSha1, 0)

const check = (content: Partial<StunMessage> = {}, password = local.password): Uint8Array =>
  encodeStun(
    {
      class: STUN_CLASS.REQUEST,
      method: STUN_METHOD.BINDING,
      transactionId: new Uint8Array(12).fill(7),
      username: 'here:there',
      priority: 1,
      ...(content.iceControlled === undefined && { iceControlling: 5n }),
      ...content,
    },
    { key: encodeUtf8(password), hmacSha1 },
  )

const ask = (agent: IceLiteAgent, nowMs: number, bytes: Uint8Array, from = home) => {
  const { response, valid } = agent.handleRequest(nowMs, decodeStun(bytes), bytes, from)
  return { valid, response, message: response && decodeStun(response) }
}

test('a valid check is answered, signed, with the address that it came from', () => {
  const agent = makeAgent()
  const { valid, response, message } = ask(agent, 0, check(), mobile)
  assert.ok(valid && response && message)
  assert.equal(message.class, STUN_CLASS.SUCCESS)
  assert.deepEqual(message.xorMappedAddress, mobile)
  assert.deepEqual(message.transactionId, Uint8Array.from(new Uint8Array(12).fill(7)))
  assert.ok(hasIntegrity(response, message, key, hmacSha1))
  assert.deepEqual(agent.remoteAddress, mobile)
})

test('we send to the address that was nominated last, not to where a spare path is checked', () => {
  const agent = makeAgent()
  ask(agent, 0, check({ useCandidate: true }), home)
  ask(agent, 1, check(), mobile)
  assert.deepEqual(agent.remoteAddress, home)
  ask(agent, 2, check({ useCandidate: true }), mobile)
  assert.deepEqual(agent.remoteAddress, mobile)
})

for (const [what, bytes, code] of [
  ['wrong password', check({}, 'guess'), undefined],
  ['another session', check({ username: 'here:elsewhere' }), undefined],
  ['a response', check({ class: STUN_CLASS.SUCCESS }), undefined],
  ['an attribute that must be understood', withUnknownAttribute(), 420],
  ['an agent that wants to be controlled as well', check({ iceControlled: 3n }), 487],
] as const) {
  test(`not taken: ${what}`, () => {
    const agent = makeAgent()
    const { valid, message } = ask(agent, 100, bytes)
    assert.equal(valid, false)
    assert.equal(message?.errorCode?.code, code)
    assert.equal(agent.remoteAddress, undefined)
    assert.ok(agent.isExpired(CONSENT_TIMEOUT_MS + 1), 'it renewed nothing')
  })
}

test('consent lasts for its time after the last valid check', () => {
  const agent = makeAgent()
  ask(agent, 20_000, check())
  assert.equal(agent.isExpired(20_000 + CONSENT_TIMEOUT_MS), false)
  assert.equal(agent.isExpired(20_001 + CONSENT_TIMEOUT_MS), true)
})

/** A check with RESERVATION-TOKEN (0x0022), which belongs to TURN. */
function withUnknownAttribute(): Uint8Array {
  const head = check().subarray(0, -32)
  const bytes = Uint8Array.from([...head, 0x00, 0x22, 0x00, 0x00])
  const view = new DataView(bytes.buffer)
  view.setUint16(2, bytes.length + 24 - 20)
  return Uint8Array.from([...bytes, 0x00, 0x08, 0x00, 0x14, ...hmacSha1(key, bytes)])
}

test('a nominated address that fell silent gives way to where valid checks come from', () => {
  const agent = makeAgent()
  ask(agent, 0, check({ useCandidate: true }), home)
  ask(agent, 11_000, check(), mobile)
  assert.deepEqual(agent.remoteAddress, home)
  ask(agent, 11_500, check(), home)
  ask(agent, 23_000, check(), mobile)
  assert.deepEqual(agent.remoteAddress, home)
  ask(agent, 24_000, check(), mobile)
  assert.deepEqual(agent.remoteAddress, mobile)
})

test('after an ICE restart the old credentials serve until the new ones nominate', () => {
  const agent = makeAgent()
  ask(agent, 0, check({ useCandidate: true }), home)
  agent.restart({ ufrag: 'new', password: 'the new password of ours' }, { ufrag: 'newer', password: 'x' })
  const renewed = (content: Partial<StunMessage> = {}) => check({ username: 'new:newer', ...content }, 'the new password of ours')
  assert.deepEqual(agent.localUfrags, ['here', 'new'])
  assert.equal(agent.remoteUfrag, 'newer')
  assert.ok(ask(agent, 1, renewed(), mobile).valid)
  assert.deepEqual(agent.remoteAddress, home, 'a check alone moves nothing')
  assert.ok(ask(agent, 2, check(), home).valid)
  assert.ok(ask(agent, 3, renewed({ useCandidate: true }), mobile).valid)
  assert.deepEqual(agent.remoteAddress, mobile)
  assert.deepEqual(ask(agent, 4, check({ useCandidate: true }), home), { valid: false, response: undefined, message: undefined })
  assert.deepEqual(agent.localUfrags, ['new'])
})

test('an ICE restart that is overtaken by another one is given up', () => {
  const agent = makeAgent()
  agent.restart({ ufrag: 'one', password: 'the first new password' }, { ufrag: 'a', password: 'x' })
  agent.restart({ ufrag: 'two', password: 'the second new password' }, { ufrag: 'b', password: 'x' })
  assert.deepEqual(agent.localUfrags, ['here', 'two'])
  assert.ok(!ask(agent, 0, check({ username: 'one:a' }, 'the first new password')).valid)
  assert.ok(ask(agent, 0, check({ username: 'two:b' }, 'the second new password')).valid)
})
