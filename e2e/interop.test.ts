import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { stopChildren } from './harness/child.ts'
import { Millrace } from './harness/millrace.ts'
import { PUBLISHERS, startCamera } from './harness/publishers.ts'
import { READERS } from './harness/readers.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

for (const publisher of PUBLISHERS) {
  // Several readers at once: they mostly wait for pictures to come.
  describe(`interop: ${publisher.name}`, { concurrency: 3 }, () => {
    let server: Millrace

    before(async () => {
      const camera = publisher.camera ? await startCamera(publisher.camera) : undefined
      const paths = publisher.pathConfig && camera ? `\npaths:\n${publisher.pathConfig('cell', camera.port)}` : ''
      server = await Millrace.start(`demo: false${paths}`)
      await publisher.start?.(server, 'cell')
      await server.pathIsLive('cell')
    })
    after(stopChildren)

    for (const reader of READERS) {
      it(`${publisher.name} to ${reader.name}`, { timeout: 60_000 }, async () => {
        const audio = reader.audio.includes(publisher.audio) ? publisher.audio : undefined
        try {
          await reader.read(server, 'cell', audio, () => browser.newPage())
        } catch (error) {
          throw new Error(`${error instanceof Error ? error.message : error}\nserver log:\n${server.child.stderr.slice(-1500)}`, { cause: error })
        }
      })
    }
  })
}
