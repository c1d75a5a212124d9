// Makes packages/server/assets/demo.mp4, the clip that the path `demo` shows: node scripts/make-demo.mjs (needs ffmpeg with libx264 and libopus).
// A mill wheel with a running clock and frame counter, a beep each second; the end fits the beginning, so that it loops without a seam.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fail, root } from './lib/root.mjs'

const SECONDS = 12
const FPS = 30
const OUTPUT = join(root, 'packages/server/assets/demo.mp4')

// Everything that moves comes back to its start after a divisor of SECONDS.
const turn = (seconds) => `2*PI*T/${seconds}`
const WHEEL = { x: 150, y: 168, radius: 104 }
const distance = `hypot(X-${WHEEL.x},Y-${WHEEL.y})`
const angle = `atan2(Y-${WHEEL.y},X-${WHEEL.x})`
/** 1 on a line of some width, 0 off it, with a soft edge of one pixel. */
const line = (offset, width) => `clip(${width}-abs(${offset}),0,1)`
const rim = line(`${distance}-${WHEEL.radius}`, 5)
const hub = `clip(16-${distance},0,1)`
const eighth = 'PI/4'
const spoke = `(mod(${angle}-${turn(6)}+4*PI,${eighth})-${eighth}/2)*${distance}`
const spokes = `lte(${distance},${WHEEL.radius})*${line(spoke, 3)}`
const surface = `(278+7*sin(X/38-${turn(3)})+4*sin(X/17+${turn(2)}))`
const water = `clip(Y-${surface},0,1)`
const ripple = `(14*sin(X/23-${turn(2)}+Y/9)+10*sin(X/51-${turn(4)}-Y/13))`

const luma = `(1-${water})*(44+Y/12+(205-44)*clip(${rim}+${hub}+${spokes},0,1))+${water}*(84+${ripple})`
const blue = `128+26-8*${water}`
const red = `128-12-14*${water}`

const text = (content, size, x, y, color = 'white') => `drawtext=font=DejaVu Sans Mono:text='${content}':fontsize=${size}:fontcolor=${color}:x=${x}:y=${y}`
const video = [
  `nullsrc=size=640x360:rate=${FPS}:duration=${SECONDS}`,
  'format=yuv420p',
  `geq=lum='${luma}':cb='${blue.replaceAll('X', '(2*X)').replaceAll('Y', '(2*Y)')}':cr='${red.replaceAll('X', '(2*X)').replaceAll('Y', '(2*Y)')}'`,
  text('Millrace', 52, 300, 60),
  text('demo', 26, 302, 122, 'white@0.75'),
  text('%{pts\\:hms}', 38, 277, 172),
  text('frame %{frame_num}', 22, 302, 222, 'white@0.75'),
].join(',')

// A beep at each full second, an octave higher at the start of the loop; both fade before the next.
const beep = `0.12*sin(2*PI*t*if(lt(t,1),1000,500))*exp(-18*mod(t,1))*min(1,400*mod(t,1))`
const audio = `aevalsrc='${beep}|${beep}':sample_rate=48000:duration=${SECONDS + 1}`

const { status, error } = spawnSync(
  'ffmpeg',
  [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', audio],
    ...['-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'veryslow', '-bf', '0', '-crf', '25', '-maxrate', '900k', '-bufsize', '900k'],
    ...['-g', `${2 * FPS}`, '-keyint_min', `${2 * FPS}`, '-sc_threshold', '0', '-threads', '1', '-bsf:v', 'filter_units=remove_types=6'],
    // Exactly as many packets of 20 ms as the picture is long.
    ...['-c:a', 'libopus', '-b:a', '64k', '-frame_duration', '20', '-frames:a', `${SECONDS * 50}`],
    ...['-map_metadata', '-1', '-fflags', '+bitexact', '-movflags', '+faststart', OUTPUT],
  ],
  { stdio: 'inherit' },
)
if (status !== 0) fail(`ffmpeg failed${error ? `: ${error.message}` : ''}`)
