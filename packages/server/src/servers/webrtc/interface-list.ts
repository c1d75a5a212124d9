import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { monotonicMs } from '../../net/clock.ts'

export type Interfaces = NodeJS.Dict<readonly NetworkInterfaceInfo[]>

/** Asking the system costs up to 0.1 ms, which is a good part of what a viewer's join costs. */
const MAX_AGE_MS = 1000

/** The machine's network interfaces, at most a second old: they come and go, but not with each viewer. */
export class InterfaceList {
  #interfaces: Interfaces = {}
  #readMs = Number.NEGATIVE_INFINITY

  get current(): Interfaces {
    const nowMs = monotonicMs()
    if (nowMs - this.#readMs > MAX_AGE_MS) {
      this.#readMs = nowMs
      this.#interfaces = networkInterfaces()
    }
    return this.#interfaces
  }
}
