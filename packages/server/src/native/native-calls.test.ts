import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createCipheriv, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { makeWordMemory, type WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import fc from 'fast-check'
import { NATIVE_VARIABLE, nativeCalls } from './native-calls.ts'

const { crypto, notes } = nativeCalls()

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const keys = fc.oneof(exactly(16), exactly(32))

const memoryWith = (content: Uint8Array, at = 0): WordMemory => {
  const memory = makeWordMemory(at + content.length + 64)
  memory.bytes.set(content, at)
  return memory
}

const expectedGcm = (key: Uint8Array, nonce: Uint8Array, clear: Uint8Array, secret: Uint8Array): Buffer => {
  const cipher = createCipheriv(key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm', key, nonce).setAAD(clear)
  return Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()])
}

describe('native encryption', { skip: crypto ? false : notes.join() }, () => {
  if (!crypto) return

  test('GCM seals and opens as node:crypto does, for every length', () => {
    fc.assert(
      fc.property(keys, exactly(12), bytes(80), bytes(1500), fc.nat(40), (key, nonce, clear, secret, at) => {
        const gcm = crypto.aesGcm(key)
        const sealed = expectedGcm(key, nonce, clear, secret)
        const out = memoryWith(Buffer.concat([clear, Buffer.alloc(secret.length)]), at)
        gcm.sealPacket(nonce, out, at, clear.length, memoryWith(secret), secret.length)
        const end = at + clear.length + sealed.length
        assert.deepEqual(Buffer.from(out.bytes.subarray(at, end)), Buffer.concat([clear, sealed]))
        assert.ok(
          out.bytes.subarray(end).every((byte) => byte === 0),
          'nothing is written behind the tag',
        )
        assert.deepEqual(Buffer.from(gcm.seal(nonce, clear, secret)), sealed)
        const opened = new Uint8Array(secret.length)
        assert.ok(gcm.open(nonce, clear, sealed, opened, 0))
        assert.deepEqual(opened, secret)
      }),
    )
  })

  test('GCM opens nothing of which a bit was changed, and goes on', () => {
    const key = new Uint8Array(16).fill(1)
    const nonce = new Uint8Array(12)
    const clear = Uint8Array.of(1, 2, 3, 4)
    const secret = new Uint8Array(40).fill(7)
    const gcm = crypto.aesGcm(key)
    const sealed = expectedGcm(key, nonce, clear, secret)
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const forged = Buffer.from(sealed)
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (0x80 >> (bit & 7)), bit >> 3)
        const out = new Uint8Array(secret.length)
        assert.ok(!gcm.open(nonce, clear, forged, out, 0))
        assert.deepEqual(out, new Uint8Array(secret.length), 'nothing of it is given out')
        assert.ok(gcm.open(nonce, clear, sealed, out, 0))
      }),
    )
  })

  test('counter mode encrypts as node:crypto does, also in place', () => {
    fc.assert(
      fc.property(exactly(16), exactly(16), bytes(1500), (key, counter, message) => {
        const ctr = crypto.aesCtr(key)
        const expected = createCipheriv('aes-128-ctr', key, counter).update(message)
        const memory = memoryWith(message)
        const other = makeWordMemory(message.length + 8)
        ctr(counter, memory, 0, message.length, other, 8)
        assert.deepEqual(Buffer.from(other.bytes.subarray(8, 8 + message.length)), expected)
        ctr(counter, memory, 0, message.length, memory, 0)
        assert.deepEqual(Buffer.from(memory.bytes.subarray(0, message.length)), expected)
      }),
    )
  })

  test('HMAC signs as node:crypto does, also over what it signs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), bytes(1500), fc.integer({ min: 1, max: 20 }), (key, message, tagBytes) => {
        const memory = memoryWith(message, 64)
        const end = 64 + message.length
        const at = Math.max(64, end - 4)
        crypto.hmacSha1(key).sign(memory, 64, end, at, tagBytes)
        const expected = createHmac('sha1', key).update(message).digest().subarray(0, tagBytes)
        assert.deepEqual(Buffer.from(memory.bytes.subarray(at, at + tagBytes)), expected)
      }),
    )
  })

  test('what is not in the memory is refused before anything is called', () => {
    const gcm = crypto.aesGcm(new Uint8Array(16))
    const nonce = new Uint8Array(12)
    const small = makeWordMemory(64)
    const secret = makeWordMemory(64)
    for (const [at, clearBytes, secretBytes] of [
      [0, 12, 40],
      [-4, 12, 4],
      [0, 12, -1],
      [Number.NaN, 12, 4],
      [0, 0, 65],
    ] as const) {
      assert.throws(() => gcm.sealPacket(nonce, small, at, clearBytes, secret, secretBytes), RangeError, `${at} ${clearBytes} ${secretBytes}`)
    }
    assert.throws(() => gcm.sealPacket(new Uint8Array(11), small, 0, 12, secret, 4), RangeError)
    assert.throws(() => gcm.open(nonce, new Uint8Array(0), new Uint8Array(15), small.bytes, 0), RangeError)
    assert.throws(() => gcm.seal(nonce, new Uint8Array(0), new Uint8Array(100_000)), RangeError)
    assert.throws(() => crypto.aesGcm(new Uint8Array(24)), RangeError)
    assert.throws(() => crypto.aesCtr(new Uint8Array(16))(new Uint8Array(16), small, 0, 65, small, 0), RangeError)
    assert.throws(() => crypto.aesCtr(new Uint8Array(16))(new Uint8Array(15), small, 0, 4, small, 0), RangeError)
    assert.throws(() => crypto.hmacSha1(new Uint8Array(20)).sign(small, 60, 70, 0, 10), RangeError)
    assert.throws(() => crypto.hmacSha1(new Uint8Array(20)).sign(small, 0, 60, 60, 10), RangeError)
    assert.throws(() => crypto.hmacSha1(new Uint8Array(65)), RangeError)
  })

  test('memory that was given away is refused', () => {
    const gcm = crypto.aesGcm(new Uint8Array(16))
    const out = makeWordMemory(256)
    const secret = makeWordMemory(64)
    gcm.sealPacket(new Uint8Array(12), out, 0, 12, secret, 64)
    ;(secret.bytes.buffer as ArrayBuffer).transfer()
    assert.throws(() => gcm.sealPacket(new Uint8Array(12), out, 0, 12, secret, 64), RangeError)
  })

  test('contexts live as long as what uses them, and no longer', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const nonce = new Uint8Array(12)
    const none = new Uint8Array(0)
    const kept = Array.from({ length: 20 }, (_, i) => ({ key: new Uint8Array(16).fill(i), gcm: crypto.aesGcm(new Uint8Array(16).fill(i)) }))
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 2000; i++) {
        crypto.aesGcm(new Uint8Array(16).fill(0xee))
        crypto.hmacSha1(new Uint8Array(20))
      }
      collect()
    }
    for (const { key, gcm } of kept)
      assert.deepEqual(Buffer.from(gcm.seal(nonce, none, Uint8Array.of(1, 2, 3))), expectedGcm(key, nonce, none, Uint8Array.of(1, 2, 3)))
  })
})

test('the switch turns it off, and its warning alone is not said', async () => {
  const url = new URL('./native-calls.ts', import.meta.url).href
  const program = `
    const { nativeCalls } = await import(${JSON.stringify(url)})
    console.log(JSON.stringify(nativeCalls().notes))
    process.emitWarning('something else', 'ExperimentalWarning')`
  const run = (value: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env: { ...process.env, [NATIVE_VARIABLE]: value } })
  const [on, off] = await Promise.all([run(''), run('off')])
  assert.match(off.stdout, /MILLRACE_NATIVE is off/)
  for (const { stderr } of [on, off]) {
    assert.match(stderr, /something else/)
    assert.doesNotMatch(stderr, /FFI/)
  }
})
