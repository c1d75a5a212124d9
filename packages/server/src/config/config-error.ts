/** A place in the configuration: `['paths', 'hall-1', 'source']`. */
export type KeyPath = readonly (string | number)[]

/** One thing that is wrong in the configuration. */
export type Fault = {
  /** `millrace.yml:4:9`, or the environment variable. */
  readonly where: string
  /** What is wrong, and what would be right. */
  readonly message: string
}

/** Faults shown at once; more would scroll the first ones away. */
const MAX_SHOWN = 10

/** The configuration cannot be used. The message has one line for each fault. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const lines = faults.slice(0, MAX_SHOWN).map(({ where, message }) => `${where}: ${message}`)
    if (faults.length > MAX_SHOWN) lines.push(`… and ${faults.length - MAX_SHOWN} more`)
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}
