import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pidOf, stopChild } from '../rtmp/process.ts'
import type { HeldUp, ServerPorts } from './millrace-server.ts'
import { publishByRtsp } from './publisher.ts'
import type { StreamAddress } from './viewers.ts'

/** A server under measurement, with the bench's stream in it. */
export type Rival = {
  readonly name: string
  readonly pid: number
  readonly stream: StreamAddress
  /** Of one that can be asked. */
  heldUp?(): Promise<HeldUp>
  stop(): Promise<void>
}

/** Starts a program of the bench in a process of its own. */
export const startProgram = (file: string): ChildProcess => fork(fileURLToPath(new URL(file, import.meta.url)))

export const startMillrace = async (paced: boolean): Promise<Rival> => {
  const server = startProgram('millrace-server.ts')
  try {
    const pid = await pidOf(server)
    const [ports] = (await once(server, 'message')) as [ServerPorts]
    const stopPublisher = await publishByRtsp(ports.rtsp, 'bench', paced)
    return {
      name: 'millrace',
      pid,
      stream: { protocol: 'whep', url: `http://127.0.0.1:${ports.http}/bench/whep` },
      heldUp: async () => {
        server.send('held up')
        return ((await once(server, 'message')) as [HeldUp])[0]
      },
      stop: async () => {
        stopPublisher()
        await stopChild(server)
      },
    }
  } catch (error) {
    await stopChild(server)
    throw error
  }
}
