import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIpAddress, parseIpAddress } from './transport-address.ts'

test('addresses as systems write them, IPv4 at the end among them', () => {
  for (const [text, expected] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['2001:db8::7:0', '2001:db8:0:0:0:0:7:0'],
    ['::192.0.2.1', '0:0:0:0:0:0:c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0:0:0:c000:201'],
    ['::ffff:0:192.0.2.1', '0:0:0:0:ffff:0:c000:201'],
  ] as const) {
    const bytes = parseIpAddress(text)
    assert.equal(bytes && formatIpAddress(bytes), expected, text)
  }
  for (const text of ['', ':', '1.2.3', '1.2.3.256', '::1::1', '1:2:3:4:5:6:7:1.2.3.4', '1.2.3.4::', '::1.2.3.4.5', 'x']) {
    assert.equal(parseIpAddress(text), undefined, text)
  }
})
