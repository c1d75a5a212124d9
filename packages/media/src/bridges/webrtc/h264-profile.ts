/** What `profile-level-id` says, RFC 6184 section 8.1: profile_idc and the constraint flags decide the profile. */
export type H264Profile = 'constrained-baseline' | 'baseline' | 'main' | 'constrained-high' | 'high' | 'other'

const SET0 = 0x80
const SET1 = 0x40
const SET4_AND_SET5 = 0x0c

/** ITU-T H.264 annex A.2: the flags name stricter profiles that the stream obeys as well. */
export const h264Profile = (profileIdc: number, constraintFlags: number): H264Profile => {
  if (profileIdc === 66) return constraintFlags & SET1 ? 'constrained-baseline' : 'baseline'
  if (profileIdc === 77) return constraintFlags & SET0 ? 'constrained-baseline' : 'main'
  if (profileIdc === 100) return (constraintFlags & SET4_AND_SET5) === SET4_AND_SET5 ? 'constrained-high' : 'high'
  return 'other'
}

/** @param text 6 hexadecimal digits; anything else is the default of RFC 6184, baseline level 1 */
export const parseProfileLevelId = (text: string | undefined): H264Profile => {
  if (text === undefined || !/^[0-9a-f]{6}$/i.test(text)) return 'baseline'
  return h264Profile(Number.parseInt(text.slice(0, 2), 16), Number.parseInt(text.slice(2, 4), 16))
}

/**
 * Profiles to ask for, best first, for a stream of that profile. Browsers name the profiles that they accept, and decode all of them
 * under each: another profile's payload type is a matter of form.
 */
export const profilePreference = (profile: H264Profile | undefined): readonly H264Profile[] => {
  const rest: readonly H264Profile[] = ['constrained-baseline', 'baseline', 'main', 'constrained-high', 'high', 'other']
  return profile ? [profile, ...rest] : rest
}
