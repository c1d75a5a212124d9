import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

export type RotatingFileOptions = {
  /** `millrace.log`; what was full before is `millrace.log.1`, and so on. */
  readonly file: string
  /** Bytes in one file. */
  readonly maxBytes: number
  /** Files that are kept beside the one that is written; the oldest is removed. */
  readonly keep: number
}

/**
 * A file of log lines that does not grow without end. Lines are written at once, so that the last one before a crash is there:
 * a log has few lines, none of them on the way of media.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions
  #descriptor: number
  #bytes: number

  /** @throws Error of the file system, if it cannot be opened */
  constructor(options: RotatingFileOptions) {
    this.#options = options
    this.#descriptor = open(options.file)
    this.#bytes = fstatSync(this.#descriptor).size
  }

  /** @param line with its end */
  write(line: string): void {
    const bytes = Buffer.from(line)
    try {
      if (this.#bytes + bytes.length > this.#options.maxBytes && this.#bytes > 0) this.#rotate()
      writeSync(this.#descriptor, bytes)
      this.#bytes += bytes.length
    } catch {
      // A full disk must not end the server; what is lost is lines of its log.
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #rotate(): void {
    const { file, keep } = this.#options
    rmSync(`${file}.${keep}`, { force: true })
    for (let index = keep - 1; index >= 0; index--) {
      try {
        renameSync(index === 0 ? file : `${file}.${index}`, `${file}.${index + 1}`)
      } catch {
        // There are not as many yet.
      }
    }
    const next = open(file)
    closeSync(this.#descriptor)
    this.#descriptor = next
    this.#bytes = fstatSync(next).size
  }
}

const open = (file: string): number => openSync(file, 'a', 0o640)
