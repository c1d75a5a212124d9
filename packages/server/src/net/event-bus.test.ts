import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBus, type ServerEvent } from './event-bus.ts'

test('every listener hears every event, in order, with its time, until it stops', () => {
  const bus = new EventBus(assert.ifError, () => 1_000)
  const heard: ServerEvent[] = []
  const stop = bus.subscribe((event) => heard.push(event))
  bus.publish({ type: 'path-ready', path: 'a' })
  bus.publish({ type: 'reader-joined', path: 'a', session: '1' })
  stop()
  bus.publish({ type: 'path-not-ready', path: 'a' })
  assert.deepEqual(heard, [
    { type: 'path-ready', at: '1970-01-01T00:00:01.000Z', path: 'a' },
    { type: 'reader-joined', at: '1970-01-01T00:00:01.000Z', path: 'a', session: '1' },
  ])
})

test('a listener that throws harms nobody else', () => {
  const faults: unknown[] = []
  const heard: string[] = []
  const bus = new EventBus((error) => faults.push(error))
  bus.subscribe(() => {
    throw new Error('mine')
  })
  bus.subscribe(({ type }) => heard.push(type))
  bus.publish({ type: 'error', reason: 'x' })
  assert.deepEqual(heard, ['error'])
  assert.match(String(faults), /mine/)
})
