import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BidiClient } from './bidi.ts'
import type { BrowserPage } from './browser-page.ts'
import { Child, until } from './child.ts'

/** The system's Firefox. */
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr'

/** A camera and a microphone that need no question and no device, sound without a click, and nothing asked of the outside. */
const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.gmp-manager.url': '',
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.region.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
} as const

type Evaluated = { type: 'success'; result: { value?: string } } | { type: 'exception'; exceptionDetails: { text: string } }

class FirefoxPage implements BrowserPage {
  readonly #client: BidiClient
  readonly #context: string

  constructor(client: BidiClient, context: string) {
    this.#client = client
    this.#context = context
  }

  goto(url: string): Promise<unknown> {
    return this.#client.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  async evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const answer = await this.#client.send<Evaluated>('script.callFunction', {
      functionDeclaration: `async (argument) => JSON.stringify(await (${run})(JSON.parse(argument)))`,
      arguments: [{ type: 'string', value: JSON.stringify(argument ?? null) }],
      target: { context: this.#context },
      awaitPromise: true,
      // As if somebody had just clicked: sound may play, and the screen may be asked for.
      userActivation: true,
    })
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
    return (answer.result.value === undefined ? undefined : JSON.parse(answer.result.value)) as R
  }

  async close(): Promise<void> {
    await this.#client.send('browsingContext.close', { context: this.#context })
  }
}

/** Firefox without a window, with a profile of its own, steered by WebDriver BiDi. */
export class Firefox {
  readonly #child: Child
  readonly #client: BidiClient
  readonly #profile: string

  private constructor(child: Child, client: BidiClient, profile: string) {
    this.#child = child
    this.#client = client
    this.#profile = profile
  }

  static async launch(): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'millrace-firefox-'))
    const preferences = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    writeFileSync(join(profile, 'user.js'), preferences.join(''))
    const child = new Child(FIREFOX, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'], {
      env: { HOME: profile, LIBGL_ALWAYS_SOFTWARE: '1' },
    })
    try {
      const address = await until('Firefox listens', 30_000, () => {
        if (child.exitCode !== undefined) throw new Error(`Firefox ended with ${child.exitCode}: ${child.stderr}`)
        return child.stderr.match(/WebDriver BiDi listening on (ws:\S+)/)?.[1]
      })
      return new Firefox(child, await BidiClient.connect(address), profile)
    } catch (error) {
      await child.stop('SIGKILL')
      rmSync(profile, { recursive: true, force: true })
      throw error
    }
  }

  async newPage(): Promise<BrowserPage> {
    const { context } = await this.#client.send<{ context: string }>('browsingContext.create', { type: 'tab' })
    return new FirefoxPage(this.#client, context)
  }

  close(): Promise<void> {
    return this.#stop('SIGTERM')
  }

  /** As a crash or a power cut ends it: it says goodbye to nobody. */
  kill(): Promise<void> {
    return this.#stop('SIGKILL')
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    this.#client.close()
    await this.#child.stop(signal)
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
