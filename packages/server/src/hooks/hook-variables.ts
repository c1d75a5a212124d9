import type { ServerEvent } from '../net/event-bus.ts'
import type { ResolvedPath } from '../net/path-directory.ts'

/**
 * The environment of a hook's command: that of the server, what happened as `HOOK_…`, and the names that MediaMTX has for the same.
 * Nothing of it is put into the command's text: the shell reads it, so that what a client sent is never part of the command.
 * @param rtspPort undefined where RTSP is off
 */
export const hookVariables = (event: ServerEvent, path: ResolvedPath, rtspPort: number | undefined): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_'))
  const told = {
    HOOK_EVENT: event.type,
    HOOK_PATH: path.name,
    HOOK_SESSION: event.session,
    HOOK_PROTOCOL: event.protocol,
    HOOK_REMOTE: event.remote,
    HOOK_USER: event.user,
    HOOK_REASON: event.reason,
    MTX_PATH: path.name,
    RTSP_PORT: rtspPort === undefined ? undefined : String(rtspPort),
  }
  const groups = path.groups.slice(1).map((group, index): [string, string] => [`G${index + 1}`, group])
  // No environment takes a NUL, which a user's name can have where others keep the users.
  const known = Object.entries(told).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value.replaceAll('\0', '')]]))
  return Object.fromEntries([...inherited, ...known, ...groups])
}
