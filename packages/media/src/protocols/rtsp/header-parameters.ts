const PARAMETER = /\s*,?\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y

/** Reads `name=value, name="value"`, RFC 9110 section 11.2, up to what is none. Names in lower case; of two of one name the last counts. */
export const readParameters = (text: string): Map<string, string> => {
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = 0
  for (let match = PARAMETER.exec(text); match; match = PARAMETER.exec(text)) {
    const [, name = '', quoted, plain = ''] = match
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain)
  }
  return parameters
}
