import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../until.ts'

/** A certificate with its key, in files for the `openssl` command. */
export class OpensslIdentity {
  readonly directory = mkdtempSync(join(tmpdir(), 'millrace-dtls-'))
  readonly certificate: Uint8Array

  /** @param newKey arguments of `openssl req` */
  constructor(newKey: readonly string[]) {
    const files = ['-keyout', this.keyFile, '-out', this.certificateFile]
    execFileSync('openssl', ['req', '-x509', '-nodes', '-subj', '/CN=peer', '-days', '2', ...newKey, ...files], { stdio: 'ignore', timeout: 20_000 })
    this.certificate = new X509Certificate(readFileSync(this.certificateFile)).raw
  }

  get keyFile(): string {
    return join(this.directory, 'key.pem')
  }

  get certificateFile(): string {
    return join(this.directory, 'certificate.pem')
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** `openssl s_client` or `s_server` with DTLS 1.2 and SRTP, and a socket that talks to it. */
export class OpensslPeer {
  output = ''
  readonly socket: Socket
  readonly #child: ChildProcess
  #port = 0

  private constructor(socket: Socket, child: ChildProcess, onDatagram: (datagram: Buffer) => void) {
    this.socket = socket
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk))
    socket.on('message', (datagram, { port }) => {
      this.#port = port
      onDatagram(datagram)
    })
  }

  static async start(
    role: 'client' | 'server',
    identity: OpensslIdentity,
    args: readonly string[],
    onDatagram: (datagram: Buffer) => void,
  ): Promise<OpensslPeer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const exported = ['-use_srtp', 'SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80', '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', '60']
    const own = ['-dtls1_2', '-cert', identity.certificateFile, '-key', identity.keyFile, ...exported, ...args]
    const port = role === 'client' ? socket.address().port : await freePort()
    const where = role === 'client' ? ['s_client', '-connect', `127.0.0.1:${port}`] : ['s_server', '-accept', `127.0.0.1:${port}`]
    const peer = new OpensslPeer(socket, spawn('openssl', [...where, ...own], { stdio: ['pipe', 'pipe', 'pipe'] }), onDatagram)
    if (role === 'server') {
      peer.#port = port
      await until('openssl listens', () => peer.output.includes('ACCEPT'))
    }
    return peer
  }

  /** What it derived for SRTP. */
  get keyingMaterial(): string | undefined {
    return /Keying material: ([0-9A-F]+)/.exec(this.output)?.[1]?.toLowerCase()
  }

  readonly send = (datagram: Uint8Array): void => {
    this.socket.send(datagram, this.#port, '127.0.0.1')
  }

  /** Says close_notify. */
  quit(): void {
    this.#child.stdin?.end('Q\n')
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'exit')
    }
    await new Promise<void>((resolve) => this.socket.close(() => resolve()))
  }
}

const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
