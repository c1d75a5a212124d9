/**
 * The candidate that was probably meant, or undefined if none is near. Small and capital letters count as the same,
 * neighbours that changed places as one step.
 */
export const nearest = (typed: string, candidates: readonly string[]): string | undefined => {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(typed.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(typed.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Longest key that is compared; what is longer is no key of ours. */
const MAX_COMPARED = 80

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
const editDistance = (a: string, b: string): number => {
  if (a.length > MAX_COMPARED) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitute = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(at(last, column) + 1, at(line, column - 1) + 1, substitute))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) line[column] = Math.min(at(line, column), at(before, column - 2) + 1)
    }
    ;[before, last] = [last, line]
  }
  return at(last, b.length)
}

const at = (line: readonly number[], column: number): number => line[column] ?? Number.POSITIVE_INFINITY
