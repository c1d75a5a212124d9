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
