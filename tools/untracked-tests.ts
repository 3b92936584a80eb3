/**
 * Suites of node:test that run untracked: it follows each promise from where it was made, which costs a tenth of the CPU of all
 * tests, to know which test an uncaught error is of. Here it does while files are imported. An uncaught error still fails the run.
 */
import { createHook } from 'node:async_hooks'
import type { AsyncHook } from 'node:async_hooks'
import { before, suite } from 'node:test'

const followers: AsyncHook[] = []
const kind: { enable: (this: AsyncHook) => AsyncHook } = Object.getPrototypeOf(createHook({}))
const enable = kind.enable
kind.enable = function () {
  followers.push(this)
  return enable.call(this)
}
// The first use of node:test begins to follow.
before(() => undefined)
kind.enable = enable

/** Which suite a test belongs to is known by following, so it ends when all files of the bundle are imported. */
export function untrackedSuite(file: string, load: () => Promise<unknown>): void {
  void suite(file, async () => {
    before(() => {
      for (const one of followers) one.disable()
    })
    await load()
  })
}

process.on('uncaughtException', say)
process.on('unhandledRejection', say)

/** Node:test names the error, and not where it comes from. */
function say(error: unknown): void {
  process.stderr.write(`uncaught: ${error instanceof Error ? error.stack : String(error)}\n`)
}
