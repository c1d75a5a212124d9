import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, waitForPort } from './free-port.ts'
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
  await waitForPort(port, 'is libnginx-mod-rtmp installed?')
  return { name: 'nginx', pid, port, stop: () => stopChild(child) }
}
