import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import type { Child } from '../harness/child.ts'
import { clip } from '../harness/clip.ts'
import { Millrace } from '../harness/millrace.ts'
import { publishRtsp } from '../harness/publishers.ts'
import { type Condition, PICTURE_KBIT, PICTURE_RATE } from './conditions.ts'
import { Lab } from './lab.ts'
import { sample, watch } from './whep-page.ts'

const PATH = 'lab'
/** After the first picture, before the measurement. */
const SETTLE_MS = 3000

/** What a viewer saw on a path. */
export type Outcome = {
  readonly seconds: number
  readonly framesReceived: number
  readonly framesDecoded: number
  /** Share of the pictures that the publisher sent, 0 to 1 and a little more, as the measured time begins and ends between pictures. */
  readonly decodedOfSent: number
  readonly decodedOfReceived: number
  readonly freezes: number
  readonly freezeMs: number
  readonly longestGapMs: number
  readonly bufferMs: number
  readonly nacks: number
  readonly plis: number
  readonly repeated: number
  readonly packetsReceived: number
  readonly packetsLost: number
}

/** The aim: pictures go on as if nothing were lost. */
export const isWatchable = ({ decodedOfSent, decodedOfReceived, longestGapMs }: Outcome): boolean =>
  decodedOfSent >= 0.98 && decodedOfReceived >= 0.98 && longestGapMs <= 500

export const outcomeLine = (outcome: Outcome): string =>
  [
    `decoded ${outcome.framesDecoded}/${outcome.framesReceived} received`,
    `${(outcome.decodedOfSent * 100).toFixed(1)} % of sent`,
    `${outcome.freezes} freezes ${outcome.freezeMs.toFixed(0)} ms`,
    `longest gap ${outcome.longestGapMs.toFixed(0)} ms`,
    `buffer ${outcome.bufferMs.toFixed(0)} ms`,
    `NACKs ${outcome.nacks}`,
    `PLIs ${outcome.plis}`,
    `repeated ${outcome.repeated}`,
    `lost ${outcome.packetsLost}`,
  ].join('   ')

/** A server with one stream, and a viewer's machine behind a router that can be made bad. */
export class Trials {
  readonly lab: Lab
  readonly server: Millrace
  readonly #publisher: Child
  #browser: Browser | undefined

  private constructor(lab: Lab, server: Millrace, publisher: Child) {
    this.lab = lab
    this.server = server
    this.#publisher = publisher
  }

  static async start(): Promise<Trials> {
    const lab = await Lab.open()
    try {
      const server = await Millrace.start('demo: false\nhost: 0.0.0.0\nauth: { users: [{ user: any, permissions: [{ action: read }] }] }')
      const file = await clip({ audio: 'opus', bitrate: `${PICTURE_KBIT}k`, gop: 2 * PICTURE_RATE })
      const publisher = await publishRtsp(server, PATH, 'tcp', file)
      await server.pathIsLive(PATH)
      return new Trials(lab, server, publisher)
    } catch (error) {
      await lab.close()
      throw error
    }
  }

  /** Watches over such a path for a while. */
  async run({ impairment, retransmission = true }: Condition, seconds: number): Promise<Outcome> {
    await this.lab.impair(impairment, this.server.ports.ice)
    const page = await (await this.browser()).newPage()
    try {
      await watch(page, this.url(`${PATH}/whep`), { retransmission })
      await sleep(SETTLE_MS)
      const before = await sample(page)
      await sleep(seconds * 1000)
      const after = await sample(page)
      const since = (name: Exclude<keyof typeof after, 'longestGapMs'>): number => after[name] - before[name]
      const elapsedSeconds = since('atMs') / 1000
      const [framesReceived, framesDecoded] = [since('framesReceived'), since('framesDecoded')]
      return {
        seconds: elapsedSeconds,
        framesReceived,
        framesDecoded,
        decodedOfSent: framesDecoded / (elapsedSeconds * PICTURE_RATE),
        decodedOfReceived: framesDecoded / Math.max(1, framesReceived),
        freezes: since('freezes'),
        freezeMs: since('freezeSeconds') * 1000,
        longestGapMs: after.longestGapMs,
        bufferMs: (since('bufferSeconds') * 1000) / Math.max(1, since('buffered')),
        nacks: since('nacks'),
        plis: since('plis'),
        repeated: since('repeated'),
        packetsReceived: since('packetsReceived'),
        packetsLost: since('packetsLost'),
      }
    } finally {
      await page.close()
    }
  }

  /** The viewer's browser. */
  async browser(): Promise<Browser> {
    this.#browser ??= await this.lab.launchChromium()
    return this.#browser
  }

  /** An address of the server as the viewer's machine sees it. */
  url(path: string): string {
    return `http://${this.lab.serverAddress}:${this.server.ports.webrtc}/${path}`
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
    await this.#publisher.stop()
    await this.server.stop()
    await this.lab.close()
  }
}
