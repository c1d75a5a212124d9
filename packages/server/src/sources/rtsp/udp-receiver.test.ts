import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { UdpReceiver } from './udp-receiver.ts'

const HOST = '127.0.0.1'

test('a camera that names port 0 is sent nothing, and does not end the server', async () => {
  const camera = createSocket('udp4').bind(0, HOST)
  await once(camera, 'listening')
  const receiver = await UdpReceiver.open(HOST, () => undefined)
  for (const ports of [
    [0, 0],
    [0, 5001],
    [5000, 0],
  ] as const)
    receiver.connect(ports)
  receiver.sendRtcp(Uint8Array.of(1))
  const came = once(camera, 'message')
  receiver.connect([camera.address().port, camera.address().port])
  const [probe] = (await came) as [Buffer]
  assert.equal(probe.length, 12)
  receiver.close()
  camera.close()
})
