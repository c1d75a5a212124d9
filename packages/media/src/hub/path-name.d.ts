/** Longest path name, in characters. */
export declare const MAX_PATH_NAME = 255
/**
 * Checks the name of a path as it came from a URL, already percent-decoded, without leading and trailing slash.
 * @throws ProtocolError `path/invalid-name`
 */
export declare const checkPathName: (name: string) => string
