import { spawnSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { type Finding, fault, ok, warning } from './finding.ts'

/** A viewer by TCP takes one file descriptor, a camera a handful. */
const ENOUGH_FILES = 8192
/** A key frame for some hundred viewers, and a second of a camera's media. */
const ENOUGH_SOCKET_BUFFER = 2_500_000
const ENOUGH_DISK_BYTES = 1_000_000_000
/** No clock that is right shows less. */
const EARLIEST = Date.UTC(2026, 0, 1)

/** @returns undefined where there is no such file */
export type ReadText = (file: string) => string | undefined

export const readText: ReadText = (file) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @param version of the Node.js that runs this */
export const checkNode = (version: string, tested: string): Finding => {
  if (version === tested) return ok('Node.js', `${version}, the one that the server is tested with`)
  return warning(
    'Node.js',
    `${version}; the server is tested with ${tested}`,
    'start it with "npm start", which brings the right one where there is one for this machine',
  )
}

/** How many files and sockets the process may have open. */
export const checkFileLimit = (read: ReadText = readText): Finding => {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return ok('file limit', 'not known on this system')
  if (limit === 'unlimited' || Number(limit) >= ENOUGH_FILES) return ok('file limit', `${limit} open files and sockets`)
  return warning(
    'file limit',
    `${limit} open files and sockets: enough for about ${Math.floor(Number(limit) / 2)} clients by TCP`,
    `raise it: "ulimit -n 65536" in the shell that starts the server; the installed service has 65536`,
  )
}

/** Buffers of the UDP sockets, which the system limits. */
export const checkSocketBuffers = (read: ReadText = readText): Finding[] =>
  (['rmem_max', 'wmem_max'] as const).flatMap((name) => {
    const bytes = Number(read(`/proc/sys/net/core/${name}`))
    if (!(bytes > 0)) return []
    const about = name === 'rmem_max' ? 'UDP receive buffer' : 'UDP send buffer'
    if (bytes >= ENOUGH_SOCKET_BUFFER) return [ok(about, `up to ${bytes} bytes`)]
    return [
      warning(
        about,
        `${bytes} bytes at most: bursts of several cameras or many viewers are lost`,
        `sysctl -w net.core.${name}=4194304, and the same line in /etc/sysctl.d/millrace.conf to keep it`,
      ),
    ]
  })

/** Certificates, tokens and recordings go by the clock. */
export const checkClock = (nowMs: number, synchronized: string | undefined): Finding => {
  const now = new Date(nowMs).toISOString()
  const advice = 'set the clock and let it be kept right: "timedatectl set-ntp true"'
  if (nowMs < EARLIEST) return fault('clock', `shows ${now}`, advice)
  if (synchronized === 'no') return warning('clock', `shows ${now} and is not synchronized`, advice)
  return ok('clock', `shows ${now}${synchronized === 'yes' ? ', synchronized' : ''}`)
}

/** @returns `yes` or `no`; undefined where systemd does not know */
export const clockSynchronized = (): string | undefined => {
  const { status, stdout } = spawnSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { encoding: 'utf8', timeout: 5000 })
  return status === 0 ? stdout.trim() : undefined
}

/** Nothing that the server does needs it yet: it is good for publishing files from here. */
export const checkFfmpeg = (command = 'ffmpeg'): Finding => {
  const { status, stdout } = spawnSync(command, ['-hide_banner', '-version'], { encoding: 'utf8', timeout: 10_000 })
  const version = /^ffmpeg version (\S+)/.exec(stdout ?? '')?.[1]
  if (status === 0 && version) return ok('ffmpeg', version)
  return ok('ffmpeg', 'not found; the server works without, the examples of the guide need it: "apt install ffmpeg"')
}

/** @param folder where the server keeps its data, which may not be there yet */
export const checkDisk = (folder: string): Finding => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    const free = bavail * bsize
    const text = `${(free / 1e9).toFixed(1)} GB free at ${folder}`
    return free >= ENOUGH_DISK_BYTES ? ok('disk', text) : warning('disk', text, 'make room: the server keeps users, certificates and its configuration there')
  } catch {
    return ok('disk', `${folder} is not there yet; it is made when it is needed`)
  }
}
