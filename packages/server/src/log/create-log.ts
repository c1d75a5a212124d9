import { pino } from 'pino'
import type { Log } from './log.ts'
import { type LogRecord, prettyLine } from './pretty-line.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts'

export type LogOptions = {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  /** Lines for people, or one JSON object a line for programs. */
  readonly format: 'pretty' | 'json'
  /** Written to instead of to standard error. */
  readonly file?: RotatingFileOptions | undefined
}

/** Where a log goes: standard error, but in tests. */
export type LogOutput = { readonly isTTY?: boolean; write(text: string): unknown }

/**
 * The server's log.
 * @throws Error of the file system, if its file cannot be opened
 */
export const createLog = ({ level, format, file }: LogOptions, output: LogOutput = file ? new RotatingFile(file) : process.stderr): Log => {
  const colored = output.isTTY === true && process.env.NO_COLOR === undefined
  const write = format === 'json' ? (line: string) => output.write(line) : (line: string) => output.write(prettyLine(JSON.parse(line) as LogRecord, colored))
  // Without a base there is no process id and host name in each line.
  return pino({ level, base: null }, { write })
}
