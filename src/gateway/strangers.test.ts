import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStrangers } from './strangers.ts'

function strangers() {
  const clock = { now: 0, nowMs: () => 0, monotonicMs: () => clock.now }
  const { failed } = createStrangers(clock)
  const times = (address: string, count: number): number =>
    Array.from({ length: count }, () => failed(address)).filter(Boolean).length
  return { clock, failed, times }
}

test('an address that fails again and again is slowed down, and no other', () => {
  const { failed, times } = strangers()
  assert.equal(times('10.0.0.1', 60), 0)
  assert.equal(times('10.0.0.1', 40), 40)
  assert.equal(failed('10.0.0.2'), false)
})

test('patience comes back with time, as far as it was at first', () => {
  const { clock, times } = strangers()
  times('10.0.0.1', 100)
  clock.now = 5_000
  assert.equal(times('10.0.0.1', 20), 15)
  clock.now = 3_600_000
  assert.equal(times('10.0.0.1', 80), 20)
})

test('somebody with many addresses fills no memory, and the one who goes on is not forgotten for them', () => {
  const { failed, times } = strangers()
  times('10.0.0.1', 100)
  for (let n = 0; n < 30_000; n += 1) {
    failed(`2001:db8::${n.toString(16)}`)
    if (n % 1_000 === 0) assert.equal(failed('10.0.0.1'), true)
  }
  assert.equal(failed('10.0.0.1'), true)
})
