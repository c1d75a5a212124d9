import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCandidate, hostCandidates } from './candidate.ts'

test('candidates of a server: UDP before TCP, in their order, one foundation for an address and a transport', () => {
  const lines = hostCandidates(
    [
      { address: '192.0.2.1', port: 8189 },
      { address: '2001:db8::1', port: 8189 },
      { address: '192.0.2.1', port: 18189 },
    ],
    true,
  )
  assert.deepEqual(lines.slice(0, 2), ['1 1 udp 2130706431 192.0.2.1 8189 typ host', '2 1 udp 2130706175 2001:db8:0:0:0:0:0:1 8189 typ host'])
  assert.equal(lines[3], '3 1 tcp 1520435199 192.0.2.1 8189 typ host tcptype passive')
  const read = lines.map(decodeCandidate)
  assert.deepEqual(
    read.map((candidate) => candidate?.foundation),
    ['1', '2', '1', '3', '4', '3'],
  )
  const priorities = read.map((candidate) => candidate?.priority ?? 0)
  assert.deepEqual(
    priorities,
    [...new Set(priorities)].sort((a, b) => b - a),
  )
})

for (const [what, line, expected] of [
  ['multicast DNS', '842163049 1 udp 1677729535 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 46154 typ host generation 0 network-cost 999', 'udp host undefined'],
  ['TCP that is opened from there', '1 1 tcp 1518280447 10.0.0.1 9 typ host tcptype active generation 0', 'tcp host active'],
  ['reflexive', '2 1 UDP 1686052607 198.51.100.1 45664 typ srflx raddr 10.0.1.1 rport 8998', 'udp srflx undefined'],
  ['a type to come', '2 1 udp 1 2001:db8::1 1 typ quic', 'udp quic undefined'],
  ['the component of RTCP', '1 2 udp 1 192.0.2.1 1 typ host', undefined],
  ['another transport', '1 1 sctp 1 192.0.2.1 1 typ host', undefined],
  ['TCP without a direction', '1 1 tcp 1 192.0.2.1 1 typ host', undefined],
  ['port 65536', '1 1 udp 1 192.0.2.1 65536 typ host', undefined],
  ['a priority of 33 bits', '1 1 udp 4294967296 192.0.2.1 1 typ host', undefined],
  ['no address', '1 1 udp 1 ;rm 1 typ host', undefined],
  ['nothing', '', undefined],
] as const) {
  test(`candidate: ${what}`, () => {
    const candidate = decodeCandidate(line)
    assert.equal(candidate && `${candidate.transport} ${candidate.type} ${candidate.tcpType}`, expected)
  })
}

test('any text is a candidate or none', () => {
  const words = fc.constantFrom('1', 'udp', 'tcp', 'typ', 'host', 'tcptype', 'passive', '192.0.2.1', '::', '70000', 'x'.repeat(600))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 12 }).map((list) => list.join(' ')),
      ),
      (text) => void decodeCandidate(text),
    ),
  )
})
