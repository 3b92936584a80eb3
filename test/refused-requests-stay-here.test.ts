import { test } from 'node:test'
import * as fc from 'fast-check'
import { play, steps } from './harness/interleavings.ts'

const STORIES = 8

/** A thousand stories are in test/long. */
test('whatever order attempts, hang-ups, decisions, expiries and restarts have, only what was approved is sent', async () => {
  await fc.assert(
    fc.asyncProperty(steps(STORIES), async (plan) => {
      await play(plan, STORIES)
    }),
    { numRuns: 1, endOnFailure: true },
  )
})
