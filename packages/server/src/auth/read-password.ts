import { createInterface } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { MAX_PASSWORD_BYTES } from './password-hash.ts'

/** What stands in the way of a password; the message is for who types. */
export class PasswordInputError extends Error {}

const MIN_LENGTH = 8

/**
 * Reads a password: from the terminal, twice and unseen, or the first line of what is piped in.
 * @throws PasswordInputError
 */
export const readPassword = async (input: NodeJS.ReadStream, output: NodeJS.WritableStream): Promise<string> => {
  const password = input.isTTY ? await askTwice(input, output) : await firstLine(input)
  if (password.length < MIN_LENGTH) throw new PasswordInputError(`the password has ${password.length} characters: ${MIN_LENGTH} are the least`)
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) throw new PasswordInputError(`the password is longer than ${MAX_PASSWORD_BYTES} bytes`)
  return password
}

const askTwice = async (input: ReadStream, output: NodeJS.WritableStream): Promise<string> => {
  const password = await ask(input, output, 'Password: ')
  if ((await ask(input, output, 'Once more: ')) !== password) throw new PasswordInputError('the two passwords differ')
  return password
}

const firstLine = async (input: NodeJS.ReadStream): Promise<string> => {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) return line
  throw new PasswordInputError('no password came by standard input')
}

const CTRL_C = '\u0003'
const BACKSPACES = ['\u007f', '\b']

const ask = (input: ReadStream, output: NodeJS.WritableStream, prompt: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let typed = ''
    const end = (): void => {
      input.setRawMode(false)
      input.pause()
      input.off('data', onData)
      output.write('\n')
    }
    const onData = (bytes: Buffer): void => {
      for (const character of bytes.toString('utf8')) {
        if (character === CTRL_C) {
          end()
          reject(new PasswordInputError('interrupted'))
          return
        }
        if (character === '\r' || character === '\n') {
          end()
          resolve(typed)
          return
        }
        if (BACKSPACES.includes(character)) typed = [...typed].slice(0, -1).join('')
        else typed += character
      }
    }
    output.write(prompt)
    input.setRawMode(true)
    input.on('data', onData)
    input.resume()
  })
