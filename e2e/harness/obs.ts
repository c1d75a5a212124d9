import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, until } from './child.ts'

const ini = (sections: Record<string, Record<string, string | number>>): string =>
  Object.entries(sections)
    .map(([name, keys]) => [`[${name}]`, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`), ''].join('\n'))
    .join('\n')

/** One scene with the screen, and the microphone that every profile has. */
const scenes = {
  current_scene: 'Scene',
  current_program_scene: 'Scene',
  name: 'Untitled',
  scene_order: [{ name: 'Scene' }],
  sources: [
    { id: 'xshm_input', versioned_id: 'xshm_input', name: 'Screen', settings: { screen: 0, show_cursor: true } },
    {
      id: 'scene',
      versioned_id: 'scene',
      name: 'Scene',
      settings: { id_counter: 1, custom_size: false, items: [{ id: 1, name: 'Screen', visible: true, pos: { x: 0, y: 0 }, scale: { x: 0.5, y: 0.5 } }] },
    },
  ],
  AuxAudioDevice1: { id: 'pulse_input_capture', versioned_id: 'pulse_input_capture', name: 'Mic/Aux', mixers: 255, settings: { device_id: 'default' } },
  groups: [],
  transitions: [],
}

/** A server of sound for OBS alone, with a microphone that hears a tone. */
const PULSE_MODULES = ['module-native-protocol-unix', 'module-sine-source rate=48000 frequency=440', 'module-null-sink']

/**
 * OBS Studio streams a virtual screen and a virtual microphone that hums, at once, to an RTMP server, as a user sets it up under Settings,
 * Stream, Custom.
 * @param server `rtmp://host:port/app`
 * @param key the stream key
 */
export const startObs = async (server: string, key: string): Promise<{ child: Child; stop(): Promise<void> }> => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-obs-'))
  const config = join(home, 'obs-studio')
  const profile = join(config, 'basic/profiles/Untitled')
  mkdirSync(profile, { recursive: true })
  mkdirSync(join(config, 'basic/scenes'), { recursive: true })
  writeFileSync(
    join(config, 'global.ini'),
    ini({
      General: { FirstRun: 'true', EnableAutoUpdates: 'false', LastVersion: 486_539_266, InfoIncrement: 2 },
      Basic: { Profile: 'Untitled', ProfileDir: 'Untitled', SceneCollection: 'Untitled', SceneCollectionFile: 'Untitled' },
    }),
  )
  writeFileSync(
    join(profile, 'basic.ini'),
    ini({
      General: { Name: 'Untitled' },
      Video: { BaseCX: 640, BaseCY: 360, OutputCX: 640, OutputCY: 360, FPSType: 0, FPSCommon: 30 },
      Output: { Mode: 'Simple' },
      SimpleOutput: { VBitrate: 800, ABitrate: 96, StreamEncoder: 'x264', UseAdvanced: 'true', Preset: 'ultrafast', x264Settings: 'keyint=30 bframes=0' },
      Audio: { SampleRate: 48_000, ChannelSetup: 'Stereo' },
    }),
  )
  writeFileSync(join(profile, 'service.json'), JSON.stringify({ type: 'rtmp_custom', settings: { server, key, use_auth: false, bwtest: false } }))
  writeFileSync(join(config, 'basic/scenes/Untitled.json'), JSON.stringify(scenes))
  const screen = new Child('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x720x24', '-nolisten', 'tcp'])
  const display = await until('the virtual screen', 10_000, () => screen.stdout.trim() || undefined)
  const sound = new Child('pulseaudio', ['-n', '--daemonize=no', '--exit-idle-time=-1', ...PULSE_MODULES.map((module) => `--load=${module}`)], {
    env: { HOME: home, XDG_RUNTIME_DIR: home },
  })
  await until('the virtual microphone', 10_000, () => existsSync(join(home, 'pulse/native')))
  const child = new Child('obs', ['--startstreaming', '--multi', '--disable-updater', '--disable-missing-files-check'], {
    env: { XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home, HOME: home, LIBGL_ALWAYS_SOFTWARE: '1', QT_QPA_PLATFORM: 'xcb', DISPLAY: `:${display}` },
  })
  return {
    child,
    stop: async () => {
      await child.stop('SIGTERM')
      await sound.stop('SIGTERM')
      await screen.stop('SIGTERM')
      rmSync(home, { recursive: true, force: true })
    },
  }
}
