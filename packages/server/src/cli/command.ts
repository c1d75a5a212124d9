/** What the user typed cannot be understood; told with how it is right. */
export class UsageError extends Error {}

/** What comes after `millrace`. */
export type Command = {
  readonly name: string
  /** What follows the name: `[FILE]`. */
  readonly takes: string
  /** One line of the help. */
  readonly about: string
  /** All that it takes, for `--help` and for typing errors; name and line where absent. */
  readonly usage?: string
  /**
   * @param args what follows the name
   * @returns the exit code
   * @throws what `tell` has the message of, and TypeError of parseArgs
   */
  run(args: readonly string[]): Promise<number> | number
}

export const print = (line: string): void => console.log(line)
