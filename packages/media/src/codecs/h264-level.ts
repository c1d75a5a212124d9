/** MaxDpbMbs by level_idc, ITU-T H.264 table A-1. */
const MAX_DPB_MBS: Readonly<Record<number, number>> = {
  9: 396,
  10: 396,
  11: 900,
  12: 2376,
  13: 2376,
  20: 2376,
  21: 4752,
  22: 8100,
  30: 8100,
  31: 18000,
  32: 20480,
  40: 32768,
  41: 32768,
  42: 34816,
  50: 110400,
  51: 184320,
  52: 184320,
  60: 696320,
  61: 696320,
  62: 696320,
}

/**
 * MaxDpbFrames: how many frames the decoded picture buffer holds, section A.3.1 item h. An unknown level counts as one without a bound below 16.
 * @param frameMbs macroblocks of a frame
 */
export const maxDpbFrames = (levelIdc: number, profileIdc: number, constraintFlags: number, frameMbs: number): number => {
  // Level 1b is level_idc 11 with constraint_set3_flag in the profiles that are older than level 9.
  const is1b = levelIdc === 11 && (constraintFlags & 0x10) !== 0 && [66, 77, 88].includes(profileIdc)
  const maxDpbMbs = MAX_DPB_MBS[is1b ? 9 : levelIdc]
  return maxDpbMbs === undefined ? 16 : Math.min(16, Math.floor(maxDpbMbs / frameMbs))
}
