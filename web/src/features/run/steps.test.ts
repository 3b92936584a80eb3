import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunState } from '../../api/runs.ts'
import { isStepId, openStep, phraseOf } from './steps.ts'

function stateOf(done: Partial<RunState['done']>, why: string[] = []): RunState {
  const none = {
    exposed: false,
    contained: false,
    ruled: false,
    told: false,
    held: false,
    handedOut: false,
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what the steps read of it
  return { done: { ...none, ...done }, sources: [{ why }] } as unknown as RunState
}

test('a run goes on at its first step that is not done, and ends at the report', () => {
  assert.equal(openStep(stateOf({})), 'seen')
  assert.equal(openStep(stateOf({ exposed: true })), 'source')
  assert.equal(openStep(stateOf({ exposed: true }, ['left'])), 'contain')
  assert.equal(openStep(stateOf({ exposed: true, contained: true }, ['left'])), 'block')
  const all = { exposed: true, contained: true, ruled: true, told: true, handedOut: true }
  assert.equal(openStep(stateOf(all, ['left'])), 'report')
  assert.equal(isStepId('seen'), true)
  for (const other of ['', 'toString', undefined, 1]) assert.equal(isStepId(other), false)
})

test('a phrase is whole words from the middle, and never longer than a rule takes', () => {
  const text = 'One two three four five six seven eight nine ten eleven twelve.'
  assert.equal(phraseOf(text), 'three four five six seven eight nine ten')
  assert.equal(phraseOf('  short  one '), 'short one')
  assert.equal(phraseOf(' - — … '), '')
  assert.ok(phraseOf('x'.repeat(5000)).length <= 400)
})
