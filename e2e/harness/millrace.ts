import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, until } from './child.ts'

const root = new URL('../..', import.meta.url).pathname

/** Ports that the started program listens on, as its ready file tells them. */
export type Ports = {
  readonly rtsp: number
  readonly rtp: number
  readonly rtcp: number
  readonly rtsps: number
  readonly rtmp: number
  readonly rtmps: number
  readonly hls: number
  readonly webrtc: number
  readonly ice: number
  readonly api: number
  readonly metrics: number
}

/** The program, started as a user starts it but on free ports, with a configuration of the test's own. */
export class Millrace {
  readonly child: Child
  readonly ports: Ports
  /** Of its configuration. */
  readonly folder: string
  readonly #textOf: (own: string) => string

  private constructor(child: Child, ports: Ports, folder: string, textOf: (own: string) => string) {
    this.child = child
    this.ports = ports
    this.folder = folder
    this.#textOf = textOf
  }

  /** @param config lines of YAML besides host and ports */
  static async start(config = 'demo: false'): Promise<Millrace> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-e2e-'))
    const configFile = join(folder, 'millrace.yml')
    const readyFile = join(folder, 'ready.json')
    const [rtp, rtcp] = await freePortPair()
    const textOf = (own: string): string => configText(own, rtp, rtcp)
    writeFileSync(configFile, textOf(config))
    const child = new Child(process.execPath, [join(root, 'packages/server/src/main.ts'), '--config', configFile, '--ready-file', readyFile])
    try {
      const found = await until('the program is ready', 20_000, () => {
        if (child.exitCode !== undefined) throw new Error(`the program ended with ${child.exitCode}\n${child.stdout}\n${child.stderr}`)
        return existsSync(readyFile) && readFileSync(readyFile, 'utf8').trim() !== '' && (JSON.parse(readFileSync(readyFile, 'utf8')) as { ports: Ports })
      })
      return new Millrace(child, found.ports, folder, textOf)
    } catch (error) {
      await child.stop('SIGKILL')
      throw error
    }
  }

  /** Replaces the configuration while it runs, as editors do. */
  configure(config: string): void {
    renameSync(this.writeConfig('millrace.yml~', config), join(this.folder, 'millrace.yml'))
  }

  /** Writes a configuration beside that of the server. @returns its file */
  writeConfig(name: string, config: string): string {
    const file = join(this.folder, name)
    writeFileSync(file, this.#textOf(config))
    return file
  }

  /** Runs `millrace …` beside the server. @returns what it prints, and its exit code */
  async command(...args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number | string }> {
    const child = new Child(process.execPath, [join(root, 'packages/server/src/main.ts'), ...args])
    const code = await child.finished(20_000)
    return { stdout: child.stdout, stderr: child.stderr, code }
  }

  /** `rtsp://127.0.0.1:PORT/path` and so on. */
  url(protocol: 'rtsp' | 'rtmp' | 'http' | 'hls', path: string): string {
    if (protocol === 'hls') return `http://127.0.0.1:${this.ports.hls}/${path}/index.m3u8`
    const port = protocol === 'http' ? this.ports.webrtc : this.ports[protocol]
    return `${protocol}://127.0.0.1:${port}/${path}`
  }

  /** Lines of the log that have `text` in them. */
  logLines(text: string): string[] {
    return this.child.stderr.split('\n').filter((line) => line.includes(text))
  }

  async pathIsLive(path: string, timeoutMs = 15_000): Promise<void> {
    await until(`path ${path} is live`, timeoutMs, async () => {
      const response = await fetch(this.url('http', '_/paths'))
      const { paths } = (await response.json()) as { paths: { name: string }[] }
      return paths.some(({ name }) => name === path)
    })
  }

  /** Resident memory, in bytes. */
  memory(): number {
    const pages = Number(readFileSync(`/proc/${this.child.process.pid}/statm`, 'utf8').split(' ')[1])
    return pages * 4096
  }

  /** Open file descriptors: sockets that were not closed show here. */
  openFiles(): number {
    return readdirSync(`/proc/${this.child.process.pid}/fd`).length
  }

  async stop(): Promise<void> {
    await this.child.stop('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A section of the test's own takes the place of ours. */
const configText = (own: string, rtpPort: number, rtcpPort: number): string => {
  const sections = [
    `rtsp: { port: 0, tlsPort: 0, rtpPort: ${rtpPort}, rtcpPort: ${rtcpPort} }`,
    'rtmp: { port: 0, tlsPort: 0 }',
    'hls: { port: 0 }',
    'webrtc: { port: 0, icePort: 0 }',
    'api: { port: 0 }',
    'metrics: { port: 0 }',
    'logLevel: debug',
  ]
  const there = new Set(own.match(/^\w+(?=:)/gm))
  return `${sections.filter((line) => !there.has(line.split(':', 1)[0] ?? '')).join('\n')}\n${own}\n`
}

/** Two neighbouring free UDP ports, the first even, as RTP wants them (RFC 3550 section 11). */
const freePortPair = async (): Promise<[number, number]> => {
  const { createSocket } = await import('node:dgram')
  const bind = (port: number) =>
    new Promise<{ port: number; close: () => void } | undefined>((resolve) => {
      const socket = createSocket('udp4')
      socket.once('error', () => resolve(undefined))
      socket.bind(port, '127.0.0.1', () => resolve({ port: socket.address().port, close: () => socket.close() }))
    })
  for (let attempt = 0; attempt < 50; attempt++) {
    const even = 20_000 + 2 * Math.floor(Math.random() * 10_000)
    const first = await bind(even)
    const second = await bind(even + 1)
    first?.close()
    second?.close()
    if (first && second) return [even, even + 1]
  }
  throw new Error('no free pair of UDP ports')
}
