import { Child } from './child.ts'

/** A reader that decodes until it is stopped. */
export type Decoding = {
  readonly name: string
  readonly child: Child
  /** Pictures decoded so far. */
  frames(): number
}

/** Decodes a live stream with ffmpeg. What goes wrong is in `child.stderr`. */
export const decode = (name: string, url: string, options: readonly string[] = []): Decoding => {
  const progress = ['-progress', 'pipe:1', '-stats_period', '0.2']
  const child = new Child('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    ...progress,
    ...options,
    '-i',
    url,
    '-map',
    '0:v',
    '-enc_time_base:v',
    '1:90000',
    '-f',
    'null',
    '-',
  ])
  return {
    name,
    child,
    frames: () => Number(child.stdout.match(/frame=(\d+)(?!.*frame=)/s)?.[1] ?? 0),
  }
}
