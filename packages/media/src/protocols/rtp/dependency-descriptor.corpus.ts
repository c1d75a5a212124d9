/** Dependency descriptors, in hexadecimal: those that Chromium sends with AV1 and scalability mode L2T3_KEY, and broken ones. */
export const KEY_FRAME_DESCRIPTOR = [
  // Starts and ends its frame, template 0, frame 1.
  'c0 00 01',
  // Structure present, nothing of its own; first template 0, 6 decode targets.
  '80 05',
  // Layers of 10 templates, what each is to each decode target, frame diffs, 2 chains, chain diffs.
  '14 85 3a aa a8 01 80 04 00 40 02 a0 2a 00 60 01 00 15 d3 45 14 17 4d 14 4c 70 08 74 32 16 51 11 85 43',
  // … then sizes: 320 x 180 and 640 x 360.
  '27 68 09 f8 05 98 13 f8 0b 38',
].join(' ')

export const DESCRIPTORS: readonly string[] = [
  KEY_FRAME_DESCRIPTOR,
  // The frame of the second size with the same time, whole; the first and the last packet of a later one.
  'c5 00 02',
  '86 00 0a',
  '46 00 12',
  // Its own frame diffs: 1 in four bits, 300 in twelve.
  'c1 00 09 12 18 95 80',
  // A template that there is not.
  'ff 00 09',
  // A structure that is cut; templates without end.
  'c0 00 01 80 05 14',
  'c0 00 01 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
  'c0 00',
  '',
]
