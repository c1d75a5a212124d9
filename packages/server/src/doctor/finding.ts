/** What the doctor found in one place. */
export type Finding = {
  readonly state: 'ok' | 'warning' | 'fault'
  /** What was looked at: `file limit`. */
  readonly about: string
  /** What was found, a sentence. */
  readonly found: string
  /** What to do about it, where there is something to do. */
  readonly advice?: string
}

export const ok = (about: string, found: string): Finding => ({ state: 'ok', about, found })
export const warning = (about: string, found: string, advice: string): Finding => ({ state: 'warning', about, found, advice })
export const fault = (about: string, found: string, advice: string): Finding => ({ state: 'fault', about, found, advice })

const SIGNS = { ok: 'ok  ', warning: 'WARN', fault: 'FAIL' } as const

/** A line for each finding, and one more for what to do about it. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ state, about, found, advice }) => [`${SIGNS[state]} ${about}: ${found}`, ...(advice === undefined ? [] : [`     → ${advice}`])])
