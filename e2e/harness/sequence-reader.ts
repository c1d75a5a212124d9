import { connect, type Socket } from 'node:net'

/** RFC 2326 section 10.12. */
const INTERLEAVED = 0x24

/**
 * An RTSP reader by TCP that looks at nothing but the sequence numbers of the packets: light enough for many of them at once.
 */
export class SequenceReader {
  /** Packets of RTP. */
  packets = 0
  /** Places where the sequence numbers do not follow one another. */
  readonly gaps: string[] = []
  /** Why it is over; undefined while it goes on. */
  ended: string | undefined
  readonly #socket: Socket
  readonly #url: string
  readonly #last = new Map<number, number>()
  #pending: Buffer = Buffer.alloc(0)
  #cseq = 0
  #answer: ((text: string) => void) | undefined

  private constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#url = url
    this.#socket = connect(Number(port), hostname)
    this.#socket.on('data', (bytes) => this.#read(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)))
    this.#socket.on('error', (error) => (this.ended ??= error.message))
    this.#socket.on('close', () => (this.ended ??= 'the connection was closed'))
  }

  /** Plays all tracks of a path. @throws Error for any answer but 200 */
  static async play(url: string): Promise<SequenceReader> {
    const reader = new SequenceReader(url)
    const sdp = await reader.#ask('DESCRIBE', url, 'Accept: application/sdp\r\n')
    const controls = [...sdp.matchAll(/^a=control:(\S+)\r?$/gm)].map(([, control = '']) => control).filter((control) => control !== '*')
    let session = ''
    for (const [index, control] of controls.entries()) {
      const answer = await reader.#ask(
        'SETUP',
        control.includes('://') ? control : `${url}/${control}`,
        `Transport: RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}\r\n${session}`,
      )
      session = `Session: ${/^Session: ([^;\r]+)/im.exec(answer)?.[1]}\r\n`
    }
    await reader.#ask('PLAY', url, session)
    return reader
  }

  stop(): void {
    this.ended ??= 'stopped'
    this.#socket.destroy()
  }

  #ask(method: string, url: string, headers: string): Promise<string> {
    this.#socket.write(`${method} ${url} RTSP/1.0\r\nCSeq: ${++this.#cseq}\r\n${headers}\r\n`)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method} ${this.#url}`)), 20_000)
      this.#answer = (text) => {
        clearTimeout(timer)
        if (text.startsWith('RTSP/1.0 200')) resolve(text)
        else reject(new Error(`${method} ${this.#url}: ${text.split('\r\n', 1)[0]}`))
      }
    })
  }

  #read(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    for (;;) {
      const taken = this.#pending[0] === INTERLEAVED ? this.#readFrame() : this.#readAnswer()
      if (taken === 0) return
      this.#pending = this.#pending.subarray(taken)
    }
  }

  /** @returns bytes of it, 0 if it is not complete */
  #readFrame(): number {
    if (this.#pending.length < 4) return 0
    const length = 4 + this.#pending.readUInt16BE(2)
    if (this.#pending.length < length) return 0
    const channel = this.#pending.readUInt8(1)
    if (channel % 2 === 0) this.#count(channel, this.#pending.readUInt16BE(6))
    return length
  }

  #count(channel: number, sequence: number): void {
    const last = this.#last.get(channel)
    if (last !== undefined && sequence !== ((last + 1) & 0xffff)) this.gaps.push(`channel ${channel}: ${sequence} after ${last}`)
    this.#last.set(channel, sequence)
    this.packets++
  }

  #readAnswer(): number {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) return 0
    const head = this.#pending.toString('latin1', 0, end)
    const length = end + 4 + Number(/^Content-Length: (\d+)/im.exec(head)?.[1] ?? 0)
    if (this.#pending.length < length) return 0
    this.#answer?.(this.#pending.toString('latin1', 0, length))
    return length
  }
}
