import type { ConnectionGuard } from '../../net/connection-guard.ts'
import { ListenError } from '../../net/listen-error.ts'
import { TcpPort } from './tcp-port.ts'
import { UdpPort } from './udp-port.ts'

/** How often another free UDP port is tried whose number is free for TCP too. */
const MAX_TRIES = 10

/** UDP and TCP with one number. */
export type IcePorts = { readonly udp: UdpPort; readonly tcp: TcpPort }

/**
 * @param port 0 for any
 * @param guard limits connections of TCP
 * @throws ListenError
 */
export const openIcePorts = async (host: string, port: number, guard?: ConnectionGuard): Promise<IcePorts> => {
  for (let tries = 1; ; tries++) {
    const udp = await UdpPort.open(host, port)
    try {
      return { udp, tcp: await TcpPort.open(host, udp.port, guard) }
    } catch (error) {
      await udp.close()
      if (!(error instanceof ListenError) || port !== 0 || tries === MAX_TRIES) throw error
    }
  }
}
