import assert from 'node:assert/strict'
import { Socket } from 'node:dgram'
import { test } from 'node:test'
import { UdpPort } from './udp-port.ts'

test('datagrams that say they come from port 0 reach nobody who would answer them', async (t) => {
  const bind = t.mock.method(Socket.prototype, 'bind')
  const port = await UdpPort.open('127.0.0.1', 0)
  const socket = bind.mock.calls[0]?.this
  assert.ok(socket instanceof Socket)
  const ports: number[] = []
  port.onDatagram((_datagram, from) => {
    ports.push(from.port)
    port.send(Buffer.from('an answer'), from)
  })
  // No socket sends from there without being forged.
  for (const from of [0, 9]) socket.emit('message', Buffer.from('a check'), { address: '127.0.0.1', family: 'IPv4', port: from, size: 7 })
  assert.deepEqual(ports, [9])
  await port.close()
})
