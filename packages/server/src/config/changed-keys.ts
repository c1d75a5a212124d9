/** The dotted keys whose values differ, the deepest that say it: `rtsp.port`, `paths.cam1`. Paths and lists count as wholes. */
export const changedKeys = (before: object, after: object): string[] => differing(before, after, [])

/** Sections whose entries are told apart by their names, and not further. */
const WHOLE_BELOW: readonly string[] = ['paths']

const differing = (before: unknown, after: unknown, at: readonly string[]): string[] => {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const isWhole = at.length > 1 && WHOLE_BELOW.includes(at[0] ?? '')
  if (isWhole || !isSection(before) || !isSection(after)) return [at.join('.')]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => differing(before[key], after[key], [...at, key]))
}

const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
