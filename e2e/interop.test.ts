import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import type { Child } from './harness/child.ts'
import { Millrace } from './harness/millrace.ts'
import { PUBLISHERS, startCamera } from './harness/publishers.ts'
import { READERS } from './harness/readers.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

for (const publisher of PUBLISHERS) {
  describe(`interop: ${publisher.name}`, () => {
    let server: Millrace
    const children: Child[] = []

    before(async () => {
      const camera = publisher.camera ? await startCamera(publisher.camera) : undefined
      if (camera) children.push(camera.child)
      const paths = publisher.pathConfig && camera ? `\npaths:\n${publisher.pathConfig('cell', camera.port)}` : ''
      server = await Millrace.start(`demo: false${paths}`)
      if (publisher.start) children.push(await publisher.start(server, 'cell'))
      await server.pathIsLive('cell')
    })
    after(async () => {
      for (const child of children) await child.stop()
      await server?.stop()
    })

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
