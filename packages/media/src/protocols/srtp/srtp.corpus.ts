/** Bytes of hexadecimal digits; blanks are for the reader. */
export const hex = (text: string): Uint8Array => Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** RFC 3711 appendix B.2: key stream of AES_CM for SSRC 0 and index 0. */
export const RFC3711_KEYSTREAM = {
  key: hex('2B7E151628AED2A6ABF7158809CF4F3C'),
  salt: hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD'),
  /** Block number and block. */
  blocks: [
    [0, hex('E03EAD0935C95E80E166B16DD92B4EB4')],
    [1, hex('D23513162B02D0F72A43A2FE4A5F97AB')],
    [2, hex('41E95B3BB0A2E8DD477901E4FCA894C0')],
    [0xfeff, hex('EC8CDF7398607CB0F2D21675EA9EA1E4')],
    [0xff00, hex('362B7C3C6773516318A077D7FC5073AE')],
    [0xff01, hex('6A2CC3787889374FBEB4C81B17BA6C44')],
  ],
} as const

/** RFC 3711 appendix B.3. */
export const RFC3711_DERIVATION = {
  masterKey: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
  masterSalt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  encryption: hex('C61E7A93744F39EE10734AFE3FF7A087'),
  salt: hex('30CBBC08863D8C85D49DB34A9AE1'),
  authentication: hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'),
} as const

/** The reference packet of libsrtp's test driver, with the master key of RFC 3711 appendix B.3. */
export const AES_CM_PACKET = {
  header: hex('800f1234 decafbad cafebabe'),
  payload: new Uint8Array(16).fill(0xab),
  sealed: hex('4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb'),
} as const

/** RFC 7714 sections 16 and 17, with keys of 128 and 256 bits: session keys, not master keys. */
export const RFC7714 = {
  salt: hex('517569642070726f2071756f'),
  rtp: {
    header: hex('8040f17b 8041f8d3 5501a0b2'),
    payload: hex('47616c6c696120657374206f6d6e697320646976697361 20696e207061727465732074726573'),
  },
  rtcp: {
    index: 0x5d4,
    plain: hex('81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef'),
  },
  sealed: [
    {
      key: hex('000102030405060708090a0b0c0d0e0f'),
      rtp: hex(`f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
        899d7f27beb16a9152cf765ee4390cce`),
      rtcp: hex(`81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b
        c84aa45896cf4d2fc5abf87245d9eade 800005d4`),
    },
    {
      key: hex('000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f'),
      rtp: hex(`32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b
        7aa3db36dfffd6b0f9bb7878d7a76c13`),
      rtcp: hex(`81c8000d4d617273 d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad
        1d1eb30c4446839f57ff6f6cb26ac3be 800005d4`),
    },
  ],
} as const
