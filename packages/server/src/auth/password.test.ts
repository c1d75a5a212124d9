import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BusyError, Limited } from './limited.ts'
import { PasswordChecker } from './password-checker.ts'
import { hashPassword, verifyPassword } from './password-hash.ts'

/** Of the tests of the reference implementation, phc-winner-argon2 src/test.c. */
const FOREIGN = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'

const CORPUS = [
  FOREIGN,
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$',
  '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg',
  '$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg',
  '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu',
  '$2b$10$abcdefghijklmnopqrstuv',
]

describe('passwords', () => {
  test('a hash is of its password alone, and another each time', async () => {
    const hash = await hashPassword('korrekt hörse')
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    assert.equal(await verifyPassword('korrekt hörse', hash), true)
    assert.equal(await verifyPassword('korrekt horse', hash), false)
    assert.notEqual(await hashPassword('korrekt hörse'), hash)
  })

  test('hashes of other programs are taken', async () => assert.equal(await verifyPassword('password', FOREIGN), true))

  test('what is no hash, or would cost too much, fits no password', async () => {
    for (const hash of CORPUS.slice(1)) assert.equal(await verifyPassword('password', hash), false, hash)
    assert.equal(await verifyPassword('x'.repeat(2000), FOREIGN), false)
  })

  test('any text for a hash is answered', async () => {
    const hashes = fc.oneof(
      fc.string(),
      fc.constantFrom(...CORPUS.slice(1)).chain((seed) => fc.nat(seed.length).map((end) => seed.slice(0, end))),
    )
    await fc.assert(fc.asyncProperty(hashes, async (hash) => assert.equal(await verifyPassword('password', hash), false)))
  })

  test('what was right is remembered per address, what is wrong is computed', async () => {
    const checker = new PasswordChecker()
    assert.equal(await checker.check('10.0.0.1', 'ann', 'password', FOREIGN), true)
    assert.equal(await checker.check('10.0.0.1', 'ann', 'password', FOREIGN), true)
    assert.equal(checker.checks, 1)
    assert.equal(checker.remembers('10.0.0.2', 'ann', 'password', FOREIGN), false)
    assert.equal(checker.remembers('10.0.0.1', 'ann', 'passwore', FOREIGN), false)
    assert.equal(await checker.check('10.0.0.1', 'ann', 'wrong', FOREIGN), false)
    checker.forget('10.0.0.1', 'ann')
    assert.equal(checker.remembers('10.0.0.1', 'ann', 'password', FOREIGN), false)
  })

  test('a user that there is not costs as much as one that there is', async () => {
    const checker = new PasswordChecker()
    assert.equal(await checker.check('10.0.0.1', 'nobody', 'password', undefined), false)
    assert.equal(checker.checks, 1)
  })

  test('so many at once, so many in line, the rest is refused', async () => {
    const limited = new Limited(2, 3)
    let running = 0
    let most = 0
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    }
    const results = await Promise.allSettled(Array.from({ length: 7 }, () => limited.run(task)))
    assert.equal(most, 2)
    assert.deepEqual(
      results.map((result) => result.status === 'rejected' && result.reason instanceof BusyError),
      [false, false, false, false, false, true, true],
    )
    await limited.run(task)
  })
})
