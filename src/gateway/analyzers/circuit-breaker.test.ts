import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BREAKER_LIMITS, createCircuitBreaker } from './circuit-breaker.ts'

function heldBreaker(): {
  readonly breaker: ReturnType<typeof createCircuitBreaker>
  readonly pass: (ms: number) => void
} {
  let now = 0
  const breaker = createCircuitBreaker({ nowMs: () => now, monotonicMs: () => now })
  return { breaker, pass: (ms) => (now += ms) }
}

test('nobody is asked after so many failures in a row, until the pause is over', () => {
  const { breaker, pass } = heldBreaker()
  for (let nth = 0; nth < BREAKER_LIMITS.failures; nth += 1) {
    assert.ok(breaker.mayAsk())
    breaker.failed()
  }
  assert.ok(!breaker.mayAsk())
  pass(BREAKER_LIMITS.pauseMs - 1)
  assert.ok(!breaker.mayAsk())
  pass(1)
  assert.ok(breaker.mayAsk())
})

test('one question tries again; how it ends decides for all', () => {
  const { breaker, pass } = heldBreaker()
  for (let nth = 0; nth < BREAKER_LIMITS.failures; nth += 1) breaker.failed()
  pass(BREAKER_LIMITS.pauseMs)
  assert.ok(breaker.mayAsk())
  assert.ok(!breaker.mayAsk(), 'others wait for the trial')
  breaker.failed()
  assert.ok(!breaker.mayAsk())
  pass(BREAKER_LIMITS.pauseMs)
  assert.ok(breaker.mayAsk())
  breaker.answered()
  assert.ok(breaker.mayAsk())
  assert.ok(breaker.mayAsk())
})

test('an answer between failures forgets them', () => {
  const { breaker } = heldBreaker()
  for (let round = 0; round < 3; round += 1) {
    for (let nth = 1; nth < BREAKER_LIMITS.failures; nth += 1) breaker.failed()
    breaker.answered()
  }
  assert.ok(breaker.mayAsk())
})
