// node:test reporter: failures in full, a line for each test only where TEST_NAMES is set, and the numbers for scripts/lib/phases.mjs in TEST_SUMMARY_FILE.
// CommonJS, since a reporter is what its module exports as a whole.
const { writeFileSync } = require('node:fs')
const { relative } = require('node:path')
const { inspect } = require('node:util')

/** The test's own error, out of node:test's wrapping. */
const cause = (error) => (error?.code === 'ERR_TEST_FAILURE' && error.cause ? error.cause : error)

const describe = (error) => {
  const inner = cause(error)
  return inner instanceof Error || typeof inner === 'object' ? inspect(inner, { depth: 4 }) : String(inner)
}

const indent = (text) => text.replace(/^/gm, '       ')

/** A file that passes shows up as a test of its own name; only what is in it counts. */
const isFile = ({ name, file, nesting }) => nesting === 0 && file !== undefined && (name === file || file.endsWith(`/${name}`))

module.exports = async function* report(events) {
  const summary = { passed: 0, failed: 0, skipped: 0 }
  const parents = new Map()
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      // Nesting alone does not tell files apart when they run in parallel.
      parents.set(`${data.file} ${data.nesting}`, data.name)
    } else if (type === 'test:stderr' && data.message.includes('ExperimentalWarning')) {
      // Warnings of the runtime are not the tests' own.
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      yield data.message
    } else if (type === 'test:diagnostic') {
      // Those without a file are node:test's own count.
      if (process.env.TEST_NAMES && data.file) yield `       ${data.message}\n`
    } else if (type === 'test:pass' || type === 'test:fail') {
      const { name, details, file, nesting } = data
      if (details?.type === 'suite') continue
      if (type === 'test:pass' && isFile(data)) continue
      // A parent that fails because of its subtests says nothing new.
      if (type === 'test:fail' && details.error?.failureType === 'subtestsFailed') continue
      const path = [file ? relative(process.cwd(), file) : '']
      for (let level = 0; level < nesting; level++) path.push(parents.get(`${file} ${level}`) ?? '')
      const title = `${path.filter(Boolean).join(' › ')} › ${name}`
      const time = `(${Math.round(details?.duration_ms ?? 0)} ms)`
      if (data.skip !== undefined || data.todo !== undefined) {
        summary.skipped++
        yield `skip   ${title}: ${data.skip || data.todo}\n`
      } else if (type === 'test:fail') {
        summary.failed++
        yield `FAIL   ${title} ${time}\n${indent(describe(details.error))}\n`
      } else {
        summary.passed++
        if (process.env.TEST_NAMES) yield `ok     ${title} ${time}\n`
      }
    }
  }
  if (process.env.TEST_SUMMARY_FILE) writeFileSync(process.env.TEST_SUMMARY_FILE, JSON.stringify(summary))
}
