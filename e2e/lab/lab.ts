import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { CHROMIUM, launchChromium } from '../harness/browser.ts'
import { Child, until } from '../harness/child.ts'
import { filterRules, type Impairment, LAB_TABLE, needsProxy, VIEWER_SIDE } from './impairment.ts'
import { runTool } from './run-tool.ts'

const PROXY = new URL('udp-proxy.ts', import.meta.url).pathname
/** Addresses that RFC 2544 sets aside for such labs. */
const NETWORK = '198.18'
/** The queue before a shaped link, in milliseconds, and what it lets through at once, in bytes. */
const QUEUE_MS = 200
const SHAPER_BURST_BYTES = 3000

let labs = 0

/**
 * A network of three: the server's machine as it is, a router, and a viewer's machine, the latter two in network namespaces.
 * The router does to packets what bad networks do. Nothing of it is left when the lab is closed.
 */
export class Lab {
  /** The server, as the viewer sees it. */
  readonly serverAddress: string
  readonly #router: string
  readonly #viewer: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-lab-'))
  #proxy: Child | undefined

  private constructor(name: string, third: number) {
    this.serverAddress = `${NETWORK}.${third}.1`
    this.#router = `${name}-r`
    this.#viewer = `${name}-v`
  }

  /** Why there can be no lab here, or undefined if there can. */
  static async refusal(): Promise<string | undefined> {
    try {
      await (await Lab.open()).close()
      return undefined
    } catch (error) {
      return `network namespaces cannot be used here: ${(error as Error).message}`
    }
  }

  /** @throws Error where namespaces are not permitted */
  static async open(): Promise<Lab> {
    await removeAbandoned()
    const third = (process.pid + labs++) % 256
    // Names of interfaces have 15 characters at most.
    const name = `mr${process.pid}n${labs}`
    const lab = new Lab(name, third)
    try {
      await lab.#build(name, third)
    } catch (error) {
      await lab.close()
      throw error
    }
    return lab
  }

  async #build(outside: string, third: number): Promise<void> {
    const at = (last: number): string => `${NETWORK}.${third}.${last}`
    const [router, viewer] = [this.#router, this.#viewer]
    const ip = (line: string): Promise<string> => runTool('ip', line.split(' '))
    await ip(`netns add ${router}`)
    await ip(`netns add ${viewer}`)
    await ip(`link add ${outside} type veth peer name wan netns ${router}`)
    await ip(`-n ${router} link add ${VIEWER_SIDE} type veth peer name eth0 netns ${viewer}`)
    await ip(`addr add ${at(1)}/30 dev ${outside}`)
    await ip(`link set ${outside} up`)
    for (const [namespace, device, address] of [
      [router, 'wan', at(2)],
      [router, VIEWER_SIDE, at(5)],
      [viewer, 'eth0', at(6)],
    ]) {
      await ip(`-n ${namespace} addr add ${address}/30 dev ${device}`)
      await ip(`-n ${namespace} link set ${device} up`)
    }
    for (const namespace of [router, viewer]) await ip(`-n ${namespace} link set lo up`)
    await ip(`route add ${at(4)}/30 via ${at(2)}`)
    await ip(`-n ${router} route add default via ${at(1)}`)
    await ip(`-n ${viewer} route add default via ${at(5)}`)
    await this.#onRouter('tee', ['/proc/sys/net/ipv4/ip_forward'], '1')
  }

  /**
   * From now on the path is like this, for those who connect anew.
   * @param mediaPort the server's UDP port
   */
  async impair(impairment: Impairment, mediaPort: number): Promise<void> {
    await this.#repair()
    if (needsProxy(impairment)) await this.#startProxy(impairment, mediaPort)
    await this.#onRouter('nft', ['-f', '-'], filterRules(impairment, mediaPort, this.#proxy && Number(this.#proxy.stdout)))
    if (impairment.rateKbit !== undefined) {
      const shaper = `rate ${impairment.rateKbit}kbit burst ${SHAPER_BURST_BYTES} latency ${QUEUE_MS}ms`
      await this.#onRouter('tc', `qdisc add dev ${VIEWER_SIDE} root tbf ${shaper}`.split(' '))
    }
  }

  async #repair(): Promise<void> {
    await this.#proxy?.stop('SIGTERM')
    this.#proxy = undefined
    await this.#onRouter('nft', ['-f', '-'], `table ip ${LAB_TABLE}\ndelete table ip ${LAB_TABLE}\n`)
    const shaped = (await this.#onRouter('tc', ['qdisc', 'show', 'dev', VIEWER_SIDE])).includes('tbf')
    if (shaped) await this.#onRouter('tc', ['qdisc', 'del', 'dev', VIEWER_SIDE, 'root'])
  }

  async #startProxy({ delayMs = 0, reorder }: Impairment, mediaPort: number): Promise<void> {
    const numbers = [mediaPort, delayMs, ...(reorder ? [reorder.oneOf, reorder.byMs] : [])].map(String)
    const proxy = new Child('ip', ['netns', 'exec', this.#router, process.execPath, PROXY, this.serverAddress, ...numbers])
    this.#proxy = proxy
    await until('the proxy listens', 10_000, () => {
      if (proxy.exitCode !== undefined) throw new Error(`the proxy ended: ${proxy.stderr}`)
      return proxy.stdout !== ''
    })
  }

  #onRouter(command: string, args: readonly string[], input?: string): Promise<string> {
    return runTool('ip', ['netns', 'exec', this.#router, command, ...args], input)
  }

  /** Chromium on the viewer's machine. */
  launchChromium(): Promise<Browser> {
    const wrapper = join(this.#folder, 'chromium')
    writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${this.#viewer} ${CHROMIUM} "$@"\n`, { mode: 0o755 })
    return launchChromium(wrapper)
  }

  async close(): Promise<void> {
    await this.#proxy?.stop('SIGTERM')
    // With the namespaces go their interfaces, and with those the other ends and the routes.
    for (const namespace of [this.#viewer, this.#router]) await runTool('ip', ['netns', 'del', namespace]).catch(() => undefined)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Removes namespaces of labs whose process was killed before it could close them. */
const removeAbandoned = async (): Promise<void> => {
  const names = (await runTool('ip', ['netns', 'list'])).matchAll(/^mr(\d+)n\d+-[rv]/gm)
  for (const [name, pid] of names) {
    if (!existsSync(`/proc/${pid}`)) await runTool('ip', ['netns', 'del', name]).catch(() => undefined)
  }
}
