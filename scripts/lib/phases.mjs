import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './root.mjs'

/** One test at most, in milliseconds. */
const TEST_TIMEOUT_MS = 120_000

/** What was counted so far. */
export const totals = { passed: 0, failed: 0, skipped: 0 }

/** Ends the program that a phase started, and what that started in turn, when the tests are interrupted. */
const killTree = (child) => {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** @returns the exit code, and what was written to both outputs unless it is shown as it comes */
const run = (command, args, { limitMs, show = false, env = {} }) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      // A process group of its own, so that it can be ended with what it started.
      detached: process.platform !== 'win32',
    })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    const timer = setTimeout(() => {
      output += `\nnot finished after ${limitMs / 1000} s`
      if (show) console.log(`not finished after ${limitMs / 1000} s`)
      killTree(child)
    }, limitMs)
    const interrupted = () => {
      killTree(child)
      process.exit(130)
    }
    process.on('SIGINT', interrupted)
    process.on('SIGTERM', interrupted)
    const ended = (code) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupted)
      process.off('SIGTERM', interrupted)
      resolve({ code, output })
    }
    child.on('error', (error) => {
      output += error.message
      ended(127)
    })
    child.on('close', (code) => ended(code ?? 1))
  })

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

/** A check that passes or fails as a whole. Its output is shown when it fails. */
export const check = async (name, command, args, limitMs = 180_000) => {
  const start = performance.now()
  const { code, output } = await run(command, args, { limitMs })
  if (code === 0) totals.passed++
  else totals.failed++
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds(start)})`)
  if (code !== 0) console.log(output.trimEnd())
  return code === 0
}

/**
 * Runs test files with node:test: one line in the end, failures in full.
 * @param names true prints a line for each test
 */
export const tests = async (name, node, files, { concurrency, limitMs, names = false }) => {
  if (files.length === 0) {
    console.log(`none ${name}`)
    return
  }
  const start = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tests-'))
  const summaryFile = join(folder, 'summary.json')
  const reporter = ['--test-reporter=./scripts/lib/test-reporter.cjs', '--test-reporter-destination=stdout']
  const args = ['--test', ...reporter, `--test-timeout=${TEST_TIMEOUT_MS}`, ...(concurrency ? [`--test-concurrency=${concurrency}`] : []), ...files]
  const { code } = await run(node, args, { limitMs, show: true, env: { TEST_SUMMARY_FILE: summaryFile, TEST_NAMES: names ? '1' : '' } })
  const summary = readSummary(summaryFile)
  rmSync(folder, { recursive: true, force: true })
  // A run that was cut short, or that fails without a failed test, counts as a failure of its own.
  if (code !== 0 && summary.failed === 0) summary.failed++
  for (const key of Object.keys(totals)) totals[key] += summary[key]
  console.log(
    `${summary.failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${summary.passed} passed, ${summary.failed} failed${skippedPart(summary)} (${seconds(start)})`,
  )
}

const readSummary = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

const skippedPart = ({ skipped }) => (skipped > 0 ? `, ${skipped} skipped` : '')

/** The last line, alone, and the exit code. */
export const finish = () => {
  console.log(`${totals.passed} passed, ${totals.failed} failed${skippedPart(totals)}`)
  process.exit(totals.failed > 0 ? 1 : 0)
}

/** The test files below a folder, as paths from the repository's folder with `/`. */
export const testFiles = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\.test\.(?:ts|mjs)$/.test(file) && !/\/(?:node_modules|dist)\//.test(file))
    .sort()
