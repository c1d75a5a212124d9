/** What tests do with a page, in Chromium (Playwright) and in Firefox (WebDriver BiDi) alike. */
export type BrowserPage = {
  goto(url: string): Promise<unknown>
  /** Runs a function that needs nothing from outside itself; what it takes and gives can be written as JSON. */
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>
  close(): Promise<void>
}
