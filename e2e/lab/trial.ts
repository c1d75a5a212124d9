import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import type { Child } from '../harness/child.ts'
import { clip } from '../harness/clip.ts'
import { Millrace } from '../harness/millrace.ts'
import { publishRtsp } from '../harness/publishers.ts'
import { type Aim, type Condition, PICTURE_KBIT, PICTURE_RATE, WATCHABLE } from './conditions.ts'
import { Lab } from './lab.ts'
import { leave, sample, type WatchOptions, watch } from './whep-page.ts'

const PATH = 'lab'
/** After the first picture, before the measurement. */
const SETTLE_MS = 3000
/** The same where the path has to be found out first. */
const SETTLE_NARROW_MS = 5000

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

export const isReached = (outcome: Outcome, aim: Aim = WATCHABLE): boolean =>
  outcome.decodedOfSent >= aim.decodedOfSent && outcome.decodedOfReceived >= aim.decodedOfReceived && outcome.longestGapMs <= aim.longestGapMs

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

/** What is watched, and how. */
export type LabStream = {
  /** Of the server, by UDP: what the lab impairs. */
  readonly mediaPort: number
  /**
   * Resolves with the first picture.
   * @param page an empty one
   * @returns ends the session
   */
  watch(page: Page, options: WatchOptions): Promise<() => Promise<void>>
}

/** A viewer's machine behind a router that can be made bad, and the browser there. */
type Place = { readonly lab: Lab; browser: Promise<Browser> | undefined; isTaken: boolean }

/** What the lab plays. */
export const labClip = (): Promise<string> => clip({ audio: 'opus', bitrate: `${PICTURE_KBIT}k`, gop: 2 * PICTURE_RATE })

/** A server with one stream, and places to watch it from. */
export class Trials {
  readonly server: Millrace
  readonly #publisher: Child
  readonly #places: readonly Place[]

  private constructor(labs: readonly Lab[], server: Millrace, publisher: Child) {
    this.#places = labs.map((lab) => ({ lab, browser: undefined, isTaken: false }))
    this.server = server
    this.#publisher = publisher
  }

  /** @param places how many viewers there can be at the same time */
  static async start(places = 1): Promise<Trials> {
    const labs: Lab[] = []
    try {
      while (labs.length < places) labs.push(await Lab.open())
      const server = await Millrace.start('demo: false\nhost: 0.0.0.0\nauth: { users: [{ user: any, permissions: [{ action: read }, { action: publish }] }] }')
      const file = await labClip()
      const publisher = await publishRtsp(server, PATH, 'tcp', file)
      await server.pathIsLive(PATH)
      return new Trials(labs, server, publisher)
    } catch (error) {
      for (const lab of labs) await lab.close()
      throw error
    }
  }

  get lab(): Lab {
    return this.#first.lab
  }

  /** The server's own stream. */
  get #own(): LabStream {
    return {
      mediaPort: this.server.ports.ice,
      watch: async (page, options) => {
        await watch(page, this.url(`${PATH}/whep`), options)
        return () => leave(page)
      },
    }
  }

  /**
   * Watches over such a path for a while, from a place that is free.
   * @param stream another one than the server's, on the same machine
   */
  async run(condition: Condition, seconds: number, stream: LabStream = this.#own): Promise<Outcome> {
    const place = this.#places.find(({ isTaken }) => !isTaken)
    if (!place) throw new Error(`all ${this.#places.length} places are taken`)
    place.isTaken = true
    try {
      return await this.#watch(place, condition, seconds, stream)
    } finally {
      place.isTaken = false
    }
  }

  async #watch(place: Place, { impairment, retransmission = true }: Condition, seconds: number, stream: LabStream): Promise<Outcome> {
    await place.lab.impair(impairment, stream.mediaPort)
    const page = await (await browserAt(place)).newPage()
    try {
      const end = await stream.watch(page, { retransmission })
      await sleep(impairment.rateKbit === undefined ? SETTLE_MS : SETTLE_NARROW_MS)
      const before = await sample(page)
      await sleep(seconds * 1000)
      const after = await sample(page)
      await end()
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

  /** The browser of the first place. */
  browser(): Promise<Browser> {
    return browserAt(this.#first)
  }

  get #first(): Place {
    const [first] = this.#places
    if (!first) throw new Error('there are no places')
    return first
  }

  /** An address of the server as the viewer's machine sees it. */
  url(path: string): string {
    return `http://${this.lab.serverAddress}:${this.server.ports.webrtc}/${path}`
  }

  async stop(): Promise<void> {
    for (const { browser } of this.#places) await (await browser)?.close()
    await this.#publisher.stop()
    await this.server.stop()
    for (const { lab } of this.#places) await lab.close()
  }
}

const browserAt = (place: Place): Promise<Browser> => {
  place.browser ??= place.lab.launchChromium()
  return place.browser
}
