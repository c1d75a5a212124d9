import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pidOf, stopChild } from './process.ts'
import type { Rival } from './rival.ts'

const RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'

/** nginx with libnginx-mod-rtmp, as one process in the foreground. */
export const startNginx = async (directory: string): Promise<Rival> => {
  const port = await freePort()
  const config = join(directory, 'nginx.conf')
  await writeFile(
    config,
    `load_module ${RTMP_MODULE};
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx.log;
events { worker_connections 1024; }
rtmp { server { listen 127.0.0.1:${port}; access_log off; application bench { live on; } } }
`,
  )
  const child = spawn('nginx', ['-p', directory, '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  const pid = await pidOf(child)
  await waitForPort(port)
  return { name: 'nginx', pid, port, stop: () => stopChild(child) }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const waitForPort = async (port: number): Promise<void> => {
  for (let attempts = 50; attempts > 0; attempts--) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(100)
  }
  throw new Error(`nginx does not listen on port ${port}: is libnginx-mod-rtmp installed?`)
}
