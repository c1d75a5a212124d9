import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

const TIMEOUT_MS = 10_000

/**
 * Runs one of the network's tools (ip, nft, tc) to its end.
 * @param input what it reads from its standard input
 * @returns what it wrote
 * @throws Error with what it complained about
 */
export const runTool = async (command: string, args: readonly string[], input = ''): Promise<string> => {
  const child = spawn(command, args, { timeout: TIMEOUT_MS })
  // A tool that does not read its input is no fault.
  child.stdin.on('error', () => undefined).end(input)
  const exited = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`)
  return stdout
}
