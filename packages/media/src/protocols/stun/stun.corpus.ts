const hex = (text: string): Uint8Array => Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** RFC 5769 section 2: username "evtj:h6vY". */
export const RFC5769_PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt'

/** RFC 5769 section 2.1. */
export const RFC5769_REQUEST = hex(`
  0001 0058 2112a442 b7e7a701bc34d686fa87dfae
  8022 0010 5354554e207465737420636c69656e74
  0024 0004 6e0001ff
  8029 0008 932ff9b151263b36
  0006 0009 6576746a3a68367659 202020
  0008 0014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
  8028 0004 e57a3bcf`)

/** RFC 5769 section 2.2. */
export const RFC5769_RESPONSE_IPV4 = hex(`
  0101 003c 2112a442 b7e7a701bc34d686fa87dfae
  8022 000b 7465737420766563746f72 20
  0020 0008 0001a147e112a643
  0008 0014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
  8028 0004 c07d4c96`)

/** RFC 5769 section 2.3. */
export const RFC5769_RESPONSE_IPV6 = hex(`
  0101 0048 2112a442 b7e7a701bc34d686fa87dfae
  8022 000b 7465737420766563746f72 20
  0020 0014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  0008 0014 a382954e4be67bf11784c97c8292c275bfe3ed41
  8028 0004 c8fb0b4c`)

/** Messages that must be refused, and why. */
export const BROKEN_STUN: readonly (readonly [what: string, bytes: Uint8Array, code: string])[] = [
  ['no cookie', hex('0001 0000 2112a443 000000000000000000000000'), 'stun/malformed'],
  ['length past the datagram', hex('0001 0008 2112a442 000000000000000000000000'), 'stun/malformed'],
  ['attribute past the message', hex('0001 0008 2112a442 000000000000000000000000 0006 0100 00000000'), 'stun/malformed'],
  ['padding past the message', hex('0001 0004 2112a442 000000000000000000000000 0006 0001'), 'stun/malformed'],
  ['short priority', hex('0001 0004 2112a442 000000000000000000000000 0024 0000'), 'stun/malformed'],
  ['integrity of 4 bytes', hex('0001 0008 2112a442 000000000000000000000000 0008 0004 00000000'), 'stun/malformed'],
  ['address family 3', hex('0101 000c 2112a442 000000000000000000000000 0020 0008 0003a147e112a643'), 'stun/malformed'],
  ['fingerprint of something else', hex('0001 0008 2112a442 000000000000000000000000 8028 0004 00000000'), 'stun/fingerprint'],
  ['method Allocate', hex('0003 0000 2112a442 000000000000000000000000'), 'stun/malformed'],
]
