import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { describe, test } from 'node:test'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import { type AdditionalHost, hostAddresses, isOwnAddress } from './host-addresses.ts'

const IPV6_MASK = 'ffff:ffff:ffff:ffff::'

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  family: 'IPv4',
  netmask: '255.255.255.0',
  mac: '',
  cidr: null,
})
const ipv6 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  family: 'IPv6',
  netmask: IPV6_MASK,
  mac: '',
  cidr: null,
  scopeid: 0,
})

const LOOPBACK = [ipv4('127.0.0.1', true), ipv6('::1', true)]
const MACHINE = {
  lo: LOOPBACK,
  eth0: [
    ipv4('192.0.2.2'),
    ipv6('2001:db8::8c1f:31d7:9a10:2'),
    ipv6('2001:db8::fc:ff:fe00:1'),
    ipv6('2001:db8::1111:2222:3333:4444'),
    ipv6('fe80::fc:ff:fe00:1'),
  ],
  wlan0: [ipv4('198.51.100.7'), ipv4('169.254.3.4'), ipv6('2001:db8:0:1::3'), ipv6('2001:db8:0:1::2')],
}

const CASES: readonly (readonly [what: string, host: string, additional: readonly AdditionalHost[], expected: readonly string[]])[] = [
  ['one address', '192.0.2.2', [], ['192.0.2.2:8189']],
  ['the loopback first, and what Firefox takes instead', '127.0.0.1', [], ['127.0.0.1:8189', '192.0.2.2:8189', '198.51.100.7:8189']],
  ['all of IPv4', '0.0.0.0', [], ['192.0.2.2:8189', '198.51.100.7:8189']],
  [
    'all: the families in turn, no link-local and no temporary addresses',
    '::',
    [],
    ['192.0.2.2:8189', '[2001:db8::fc:ff:fe00:1]:8189', '198.51.100.7:8189', '[2001:db8:0:1::2]:8189'],
  ],
  [
    'address translation and a forwarded port, each once',
    '192.0.2.2',
    [
      { address: '203.0.113.5', port: undefined },
      { address: '203.0.113.5', port: 18189 },
      { address: '192.0.2.2', port: 8189 },
    ],
    ['192.0.2.2:8189', '203.0.113.5:8189', '203.0.113.5:18189'],
  ],
]

describe('addresses in answers', () => {
  for (const [what, host, additional, expected] of CASES) {
    test(what, () => assert.deepEqual(hostAddresses(host, 8189, additional, MACHINE).map(addressKey), expected))
  }

  test('the loopback where there is no network', () => {
    assert.deepEqual(hostAddresses('::', 1, [], { lo: LOOPBACK }).map(addressKey), ['127.0.0.1:1', '[::1]:1'])
  })

  for (const [address, own] of [
    ['127.0.0.1', true],
    ['::1', true],
    ['192.0.2.2', true],
    ['::ffff:192.0.2.2', true],
    ['2001:db8::fc:ff:fe00:1', true],
    ['192.0.2.3', false],
    ['::ffff:192.0.2.3', false],
  ] as const) {
    test(`${address} is ${own ? 'this machine' : 'another machine'}`, () => assert.equal(isOwnAddress(address, MACHINE), own))
  }

  test('many interfaces: those that were written down are among the sixteen', () => {
    const many = { br: Array.from({ length: 40 }, (_, i) => ipv4(`10.0.0.${i}`)) }
    const found = hostAddresses('0.0.0.0', 1, [{ address: '203.0.113.5', port: undefined }], many)
    assert.equal(found.length, 16)
    assert.equal(found.at(-1)?.address, '203.0.113.5')
  })
})
