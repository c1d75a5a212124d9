import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fail } from './root.mjs'

const answers = (command, ...args) => spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0
const onPath = (command) => answers('sh', '-c', `command -v ${command}`)
// Not by --exists: that also wants the plugin to have GStreamer's own version, which libnice's has not.
const gstreamer = (element) => answers('gst-inspect-1.0', element)

/** The real programs that tests talk to, how each is found, and the Debian packages that bring it. */
const PROGRAMS = [
  { name: 'ffmpeg and ffprobe', packages: ['ffmpeg'], present: () => onPath('ffmpeg') && onPath('ffprobe') },
  { name: 'Chromium', packages: ['chromium'], present: () => (process.env.CHROMIUM ? existsSync(process.env.CHROMIUM) : onPath('chromium')) },
  {
    name: 'Firefox',
    packages: ['firefox-esr'],
    present: () => (process.env.FIREFOX ? existsSync(process.env.FIREFOX) : onPath('firefox-esr')),
  },
  {
    name: 'GStreamer with x264, AAC, Opus and rtspclientsink',
    packages: [
      'gstreamer1.0-tools',
      'gstreamer1.0-plugins-base',
      'gstreamer1.0-plugins-good',
      'gstreamer1.0-plugins-bad',
      'gstreamer1.0-plugins-ugly',
      'gstreamer1.0-libav',
      'gstreamer1.0-rtsp',
    ],
    present: () => ['x264enc', 'h264parse', 'opusenc', 'avenc_aac', 'rtph264pay', 'rtspclientsink'].every(gstreamer),
  },
  {
    name: 'GStreamer’s RTSP server for Python',
    packages: ['python3-gi', 'gir1.2-gst-rtsp-server-1.0'],
    present: () => answers('/usr/bin/python3', '-c', 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'),
  },
  {
    name: 'GStreamer’s WebRTC for Python',
    packages: ['gir1.2-gst-plugins-bad-1.0', 'gstreamer1.0-nice'],
    present: () =>
      answers('/usr/bin/python3', '-c', 'import gi; gi.require_version("GstWebRTC", "1.0"); from gi.repository import GstWebRTC') && gstreamer('nicesrc'),
  },
  { name: 'OpenSSL', packages: ['openssl'], present: () => onPath('openssl') },
  { name: 'rtmpdump', packages: ['rtmpdump'], present: () => onPath('rtmpdump') },
  {
    name: 'nginx with its RTMP module',
    packages: ['nginx-light', 'libnginx-mod-rtmp'],
    present: () => existsSync('/usr/sbin/nginx') && existsSync('/usr/lib/nginx/modules/ngx_rtmp_module.so'),
  },
  { name: 'network namespaces and packet filters', packages: ['iproute2', 'nftables'], present: () => onPath('ip') && onPath('tc') && onPath('nft') },
  { name: 'curl', packages: ['curl'], present: () => onPath('curl') },
  { name: 'systemd-analyze, which checks units', packages: ['systemd'], present: () => onPath('systemd-analyze') },
  { name: 'VLC', packages: ['vlc-bin', 'vlc-plugin-base'], present: () => onPath('vlc') },
  {
    name: 'OBS Studio, and a virtual screen and microphone for it',
    packages: ['obs-studio', 'xvfb', 'pulseaudio'],
    present: () => ['obs', 'Xvfb', 'pulseaudio'].every(onPath),
  },
]

/** Sees to it that the programs are here: installs them on Debian and Ubuntu as root, says elsewhere what to install. */
export const installSystemPrograms = () => {
  const missing = PROGRAMS.filter((program) => !program.present())
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => program.packages)
  const names = missing.map((program) => program.name).join(', ')
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`
  if (!onPath('apt-get')) fail(`The tests talk to real programs. Missing here: ${names}. On Debian they come with: ${command}`)
  if (process.getuid?.() !== 0) fail(`The tests talk to real programs. Missing here: ${names}. Install them with: sudo ${command}`)
  console.log(`Installing ${names}.`)
  const apt = (...args) => spawnSync('apt-get', args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  for (const args of [
    ['update', '-q'],
    ['install', '-q', '-y', '--no-install-recommends', ...packages],
  ]) {
    const { status, stdout, stderr } = apt(...args)
    if (status !== 0) fail(`${stdout}${stderr}\napt-get ${args[0]} failed: see above.`)
  }
  const still = missing.filter((program) => !program.present())
  if (still.length > 0) fail(`Still missing after the installation: ${still.map((program) => program.name).join(', ')}`)
}
