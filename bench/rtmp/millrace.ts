import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { freePort, waitForPort } from './free-port.ts'
import { pidOf, stopChild } from './process.ts'
import type { Rival } from './rival.ts'

const MAIN = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url))

/** Millrace with nothing but RTMP. @param directory without configuration in it */
export const startMillrace = async (directory: string): Promise<Rival> => {
  const port = await freePort()
  const env = {
    ...process.env,
    MILLRACE_RTMP_PORT: String(port),
    MILLRACE_RTSP_ENABLED: 'false',
    MILLRACE_HLS_ENABLED: 'false',
    MILLRACE_WEBRTC_ENABLED: 'false',
    MILLRACE_DEMO: 'false',
    MILLRACE_LOG_LEVEL: 'warn',
  }
  const child = spawn(process.execPath, [MAIN], { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const pid = await pidOf(child)
  await waitForPort(port, 'Millrace did not start')
  return { name: 'millrace', pid, port, stop: () => stopChild(child) }
}
