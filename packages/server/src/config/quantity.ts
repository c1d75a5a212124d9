const DURATION_UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZE_UNITS: Record<string, number> = { B: 1, KB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** @returns milliseconds of `500ms`, `10s`, `1.5h`, `1m30s`; undefined for what is no duration */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/([\d.]+)([a-z]+)/g)) sum += Number(count) * (DURATION_UNITS[unit ?? ''] ?? Number.NaN)
  return Math.round(sum)
}

/** @returns bytes of `8MB` (millions) or `8MiB` (1024 squared); undefined for what is no size */
export const parseSize = (text: string): number | undefined => {
  const [, count, unit] = /^(\d+(?:\.\d+)?) ?([KMG]i?B|B)$/.exec(text) ?? []
  return count && unit ? Math.round(Number(count) * (SIZE_UNITS[unit] ?? Number.NaN)) : undefined
}
