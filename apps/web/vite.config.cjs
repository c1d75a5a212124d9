const { join } = require('node:path')

/** CommonJS, because vite wants a default export of an ES module and this project has none. */
module.exports = {
  /** The server gives the pages' assets below its own prefix, which no path name can have. */
  base: '/_/',
  logLevel: 'warn',
  build: {
    // The pages' policy allows no inline scripts and styles, and hls.js is large but loaded only when it is needed.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    emptyOutDir: true,
    target: ['chrome109', 'firefox115', 'safari16'],
    rolldownOptions: { input: [join(__dirname, 'index.html'), join(__dirname, 'player.html'), join(__dirname, 'publish.html'), join(__dirname, 'stats.html')] },
  },
}
