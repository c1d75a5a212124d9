/** A log record as pino writes it. */
export type LogRecord = { readonly level: number; readonly time: number; readonly msg?: string; readonly [field: string]: unknown }

const LEVELS: Record<number, { readonly name: string; readonly color: string }> = {
  20: { name: 'DEBUG', color: '\x1b[90m' },
  30: { name: 'INFO ', color: '\x1b[32m' },
  40: { name: 'WARN ', color: '\x1b[33m' },
  50: { name: 'ERROR', color: '\x1b[31m' },
}
const UNKNOWN_LEVEL = { name: 'LOG  ', color: '' }
const RESET = '\x1b[0m'
const PLACED = new Set(['level', 'time', 'msg', 'protocol', 'path', 'client', 'err'])

/**
 * One line for people: `12:03:04 INFO  rtsp lecture/hall-1 127.0.0.1:5123 publishing H.264 + AAC`. Other fields follow as `name=value`,
 * the stack of `err` on lines of its own. The time is that of this machine.
 */
export const prettyLine = (record: LogRecord, colored: boolean): string => {
  const level = LEVELS[record.level] ?? UNKNOWN_LEVEL
  const parts = [timeOfDay(record.time), colored ? `${level.color}${level.name}${RESET}` : level.name]
  for (const field of [record.protocol, record.path, record.client, record.msg]) if (field !== undefined) parts.push(visible(field))
  for (const [name, value] of Object.entries(record)) if (!PLACED.has(name)) parts.push(`${name}=${visible(value)}`)
  return `${parts.join(' ')}\n${stackOf(record.err)}`
}

const timeOfDay = (time: number): string => {
  const date = new Date(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

// What peers send must neither start a line of its own nor steer the terminal.
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

const visible = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

const stackOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return ''
  const lines = String(error.stack).split('\n')
  return lines.map((line) => `         ${visible(line)}\n`).join('')
}
