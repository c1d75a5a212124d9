import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { ConnectionGuard } from './connection-guard.ts'

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string | undefined
  reset = false

  constructor(remoteAddress: string | undefined) {
    super()
    this.remoteAddress = remoteAddress
  }

  resetAndDestroy(): void {
    this.reset = true
  }

  destroy(): void {
    this.reset = true
  }
}

const makeGuard = (limits: { maxConnections?: number; maxConnectionsPerAddress?: number; maxNewPerSecondPerAddress?: number }, now = () => 0) => {
  const guard = new ConnectionGuard(
    { maxConnections: 100, maxConnectionsPerAddress: 100, maxNewPerSecondPerAddress: 100, isExempt: (address) => address === '127.0.0.1', ...limits },
    now,
  )
  const connect = (address: string | undefined) => {
    const socket = new FakeSocket(address)
    return { socket, admitted: guard.admit(socket as unknown as Socket) }
  }
  return { guard, connect }
}

describe('connection guard', () => {
  it('holds the total, and lets others in when some have left', () => {
    const { guard, connect } = makeGuard({ maxConnections: 2 })
    const first = connect('192.0.2.1')
    connect('192.0.2.2')
    const third = connect('192.0.2.3')
    assert.deepEqual([first.admitted, third.admitted, third.socket.reset], [true, false, true])
    first.socket.emit('close')
    assert.equal(connect('192.0.2.3').admitted, true)
    assert.deepEqual([guard.open, guard.refused], [2, { total: 1, address: 0, rate: 0 }])
  })

  it('holds one address, and not the others', () => {
    const { guard, connect } = makeGuard({ maxConnectionsPerAddress: 3 })
    const answers = Array.from({ length: 5 }, () => connect('192.0.2.1').admitted)
    assert.deepEqual(answers, [true, true, true, false, false])
    assert.equal(connect('::ffff:192.0.2.1').admitted, false, 'the same address, written as IPv6')
    assert.equal(connect('192.0.2.2').admitted, true)
    assert.equal(guard.refused.address, 3)
  })

  it('takes the addresses of one IPv6 network for one', () => {
    const { connect } = makeGuard({ maxConnectionsPerAddress: 1 })
    const of = (address: string) => connect(address).admitted
    assert.deepEqual(
      [of('2001:db8:1:2::1'), of('2001:db8:1:2:ffff::9'), of('2001:db8:1:3::1'), of('2001:db8::1'), of('2001:db8::2')],
      [true, false, true, true, false],
    )
  })

  it('holds how fast one address comes; what waited may come again', () => {
    let nowMs = 0
    const { guard, connect } = makeGuard({ maxNewPerSecondPerAddress: 5 }, () => nowMs)
    const burst = Array.from({ length: 12 }, () => connect('192.0.2.1').admitted)
    assert.equal(burst.filter(Boolean).length, 10)
    nowMs = 1000
    const later = Array.from({ length: 12 }, () => connect('192.0.2.1').admitted)
    assert.equal(later.filter(Boolean).length, 5)
    assert.equal(guard.refused.rate, 9)
  })

  it('spares exempt addresses but for the total', () => {
    const { connect } = makeGuard({ maxConnections: 20, maxConnectionsPerAddress: 1, maxNewPerSecondPerAddress: 1 })
    assert.equal(Array.from({ length: 30 }, () => connect('127.0.0.1').admitted).filter(Boolean).length, 20)
  })

  it('remembers a bounded number of addresses', () => {
    const { connect } = makeGuard({ maxConnections: 1e9, maxConnectionsPerAddress: 1 })
    const kept = connect('192.0.2.1')
    for (let index = 0; index < 70_000; index++) connect(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`).socket.emit('close')
    assert.equal(connect('192.0.2.1').admitted, false, 'one that is connected is not forgotten')
    kept.socket.emit('close')
    assert.equal(connect('192.0.2.1').admitted, true)
  })

  it('a socket that is gone already is no connection', () => {
    const { guard, connect } = makeGuard({})
    assert.equal(connect(undefined).admitted, false)
    assert.equal(guard.open, 0)
  })
})
