/**
 * A URL without its credentials, for logs and lists: the user information and the values of query parameters that look like secrets are
 * replaced by `***`. Text that is no URL stays as it is but for what stands between `://` and the last `@` before the path.
 */
export const redactUrl = (url: string): string => url.replace(USER_INFO, '$1***@').replace(SECRET_PARAMETER, '$1***')

// Passwords may have unescaped @ and / in them: all up to the last @ is taken for credentials, which hides rather too much.
const USER_INFO = /^(\s*[a-z][a-z0-9+.-]*:\/\/)[^\s?#]*@/i
const SECRET_PARAMETER = /([?&;][^=&;#]*(?:pass|pwd|secret|token|jwt|key|auth|user|credential|signature|sig)[^=&;#]*=)[^&;#]*/gi
