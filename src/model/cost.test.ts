import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_USAGE } from './dialect.ts'
import { costOf } from './cost.ts'

const LIST = {
  currency: 'EUR',
  models: [
    { model: 'gpt-5-mini*', upstream: null, input: 0.25, cachedInput: 0.025, output: 2 },
    { model: 'gpt-*', upstream: 'azure', input: 2, cachedInput: 2, output: 8 },
  ],
}
const usage = (inputTokens: number | null, outputTokens: number | null, cached = 0) => ({
  ...EMPTY_USAGE,
  inputTokens,
  outputTokens,
  cachedInputTokens: cached,
})

test('tokens cost what the first matching line says, cached ones their own price', () => {
  const cost = costOf(LIST, {
    model: 'gpt-5-mini-2026',
    upstream: 'openai',
    usage: usage(1_000_000, 500_000, 400_000),
  })
  assert.deepEqual(cost, { amount: 0.6 * 0.25 + 0.4 * 0.025 + 1, currency: 'EUR' })
  const azure = costOf(LIST, { model: 'gpt-4o', upstream: 'azure', usage: usage(1000, null) })
  assert.deepEqual(azure, { amount: 0.002, currency: 'EUR' })
})

test('without a price, or without counted tokens, there is no cost', () => {
  const unknown = { upstream: 'openai', usage: usage(10, 10) }
  assert.equal(costOf(LIST, { ...unknown, model: 'claude' }), null)
  assert.equal(costOf(LIST, { ...unknown, model: 'gpt-4o' }), null)
  assert.equal(
    costOf(LIST, { model: 'gpt-5-mini', upstream: 'openai', usage: usage(null, null) }),
    null,
  )
})

test('more cached than sent tokens never make a negative cost', () => {
  const cost = costOf(LIST, { model: 'gpt-5-mini', upstream: 'x', usage: usage(10, 0, 500) })
  assert.equal(cost?.amount, (10 * 0.025) / 1_000_000)
})
