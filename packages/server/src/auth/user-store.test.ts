import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { makeFirstAdministrator } from './first-administrator.ts'
import { runKeyCommand } from './key-command.ts'
import { verifyPassword } from './password-hash.ts'
import { isStreamKey } from './stream-key.ts'
import { CommandError, runUserCommand } from './user-command.ts'
import { UserStore, UserStoreError } from './user-store.ts'

describe('users of the data folder', () => {
  let base: string
  let folder: string
  let printed: string[]
  let next = 0
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'millrace-users-'))
  })
  after(() => rmSync(base, { recursive: true, force: true }))
  beforeEach(() => {
    // It is made when it is needed.
    folder = join(base, String(next++), 'data')
    printed = []
  })
  const io = { print: (line: string) => void printed.push(line), readPassword: async () => 'a long password' }
  const user = (...args: string[]): Promise<void> => runUserCommand(args, folder, io)
  const file = (): string => join(folder, 'users.json')

  it('are added, listed, changed and removed', async () => {
    await user('add', 'ann', '--read', '~lecture/.*', '--publish', 'hall', '--ip', '10.0.0.0/8')
    const store = new UserStore(folder)
    const ann = store.find('ann')
    assert.equal(await verifyPassword('a long password', ann?.pass ?? ''), true)
    assert.equal(ann?.ha1, undefined)
    await user('password', 'ann', '--digest')
    assert.equal(store.refresh(), true)
    assert.deepEqual(store.find('ann')?.permissions, ann?.permissions)
    assert.equal(store.digestUsers.length, 1)
    await user('list')
    assert.equal(printed.at(-1), 'ann: publish hall, read ~lecture/.*; from 10.0.0.0/8; Digest')
    await user('remove', 'ann')
    store.refresh()
    assert.equal(store.find('ann'), undefined)
  })

  it('are in a file that its owner alone may read, whole whatever happens', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => user('add', `user-${index}`, '--read', 'hall')))
    assert.equal(new UserStore(folder).users.length, 8)
    assert.equal(statSync(file()).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), ['users.json'])
    assert.ok(!readFileSync(file(), 'utf8').includes('a long password'))
  })

  for (const [what, args, told] of [
    ['a password on the command line', ['add', 'ann', 'secret'], /passwords are never taken from the command line/],
    ['no permission', ['add', 'ann'], /what may the user do/],
    ['a path that is no regular expression', ['add', 'ann', '--read', '~('], /no regular expression/],
    ['no address', ['add', 'ann', '--read', 'x', '--ip', '10.0.0'], /no IP address or network/],
    ['the name any', ['add', 'any', '--read', 'x'], /is not any/],
    ['a user that there is not', ['password', 'bob'], /no user bob/],
    ['nothing', [], /usage: millrace user add/],
  ] as const)
    it(`refuses ${what}`, () => assert.rejects(user(...args), (error) => error instanceof CommandError && told.test(error.message)))

  it('a faulty file is told once, and what was known stays', async () => {
    await user('add', 'ann', '--read', 'hall')
    const store = new UserStore(folder)
    writeFileSync(file(), '{"users": [{"user": "ann", "pass": "plain text"}]}')
    assert.throws(
      () => store.refresh(),
      (error) => error instanceof UserStoreError && !error.message.includes('plain text'),
    )
    assert.equal(store.refresh(), false)
    assert.ok(store.find('ann'))
    assert.throws(() => new UserStore(folder), UserStoreError)
  })

  it('the first start makes an administrator, and the second none', async () => {
    const store = new UserStore(folder)
    const password = await makeFirstAdministrator(store)
    assert.equal(await verifyPassword(password ?? '', store.find('admin')?.pass ?? ''), true)
    assert.equal(await makeFirstAdministrator(store), undefined)
    assert.ok(!readFileSync(file(), 'utf8').includes(password ?? ''))
  })

  it('a path has one publish key, shown once', async () => {
    const store = new UserStore(folder)
    const rotate = async (): Promise<string> => {
      await runKeyCommand(['rotate', 'lecture/hall'], folder, io)
      store.refresh()
      return /^ {2}(\S+)$/m.exec(printed.at(-1) ?? '')?.[1] ?? ''
    }
    const [first, second] = [await rotate(), await rotate()]
    const hash = store.streamKey('lecture/hall') ?? ''
    assert.deepEqual([isStreamKey(first, hash), isStreamKey(second, hash), isStreamKey('', hash)], [false, true, false])
    assert.equal(store.streamKey('__proto__'), undefined)
    assert.ok(!readFileSync(file(), 'utf8').includes(second))
    await runKeyCommand(['remove', 'lecture/hall'], folder, io)
    await assert.rejects(runKeyCommand(['rotate', '../x'], folder, io), CommandError)
  })
})
