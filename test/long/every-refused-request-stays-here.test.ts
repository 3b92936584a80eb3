import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { play, steps } from '../harness/interleavings.ts'

const STORIES = 20
const ROUNDS = 50

test('in a thousand stories of attempts, hang-ups, decisions, expiries and restarts, nothing that was not approved reaches the provider', async () => {
  const ended = new Map<string, number>()
  let stories = 0
  await fc.assert(
    fc.asyncProperty(steps(STORIES), async (plan) => {
      const { approvals } = await play(plan, STORIES)
      stories += STORIES
      for (const { state } of approvals) ended.set(state, (ended.get(state) ?? 0) + 1)
    }),
    // A failing plan is printed as it is: a smaller one would take minutes to find.
    { numRuns: ROUNDS, endOnFailure: true },
  )
  assert.ok(stories >= 1_000)
  for (const state of ['approved', 'approved-masked', 'denied', 'expired'])
    assert.ok((ended.get(state) ?? 0) > 20, `only ${ended.get(state) ?? 0} ended ${state}`)
})
