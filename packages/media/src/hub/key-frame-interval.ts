/** One request in this time, in milliseconds, reaches the publisher for each track or layer: RFC 5104 section 3.5.1 warns of storms. */
export const KEY_FRAME_REQUEST_INTERVAL_MS = 1000
