import { readFile } from 'node:fs/promises'

/** USER_HZ, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** User and system time of a process so far, in milliseconds. proc_pid_stat(5). */
export const cpuMs = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The second field, in parentheses, may have spaces in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

/** Resident memory of a process, in bytes. */
export const rssBytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

/** What a process wrote so far, in bytes; 0 for one that is gone. proc_pid_io(5). */
export const writtenBytes = async (pid: number): Promise<number> => {
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
  return Number(/^wchar: (\d+)/m.exec(io)?.[1] ?? 0)
}
