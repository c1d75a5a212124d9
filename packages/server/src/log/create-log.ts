import { pino } from 'pino'
import type { Log } from './log.ts'
import { type LogRecord, prettyLine } from './pretty-line.ts'

export type LogOptions = {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  /** Lines for people, or one JSON object a line for programs. */
  readonly format: 'pretty' | 'json'
}

/** Where a log goes: standard error, but in tests. */
export type LogOutput = { readonly isTTY?: boolean; write(text: string): unknown }

/** The server's log. */
export const createLog = ({ level, format }: LogOptions, output: LogOutput = process.stderr): Log => {
  const colored = output.isTTY === true && process.env.NO_COLOR === undefined
  const write = format === 'json' ? (line: string) => output.write(line) : (line: string) => output.write(prettyLine(JSON.parse(line) as LogRecord, colored))
  // Without a base there is no process id and host name in each line.
  return pino({ level, base: null }, { write })
}
