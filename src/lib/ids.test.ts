import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { exchangeIdFloor, isExchangeId, newControlId, newExchangeId } from './ids.ts'

const TIME_MAX_MS = 2 ** 48

test('exchange ids sort by their time of birth', () => {
  const time = fc.integer({ min: 0, max: TIME_MAX_MS })
  fc.assert(
    fc.property(time, time, (a, b) => {
      if (a !== b) assert.equal(newExchangeId(a) < newExchangeId(b), a < b)
    }),
  )
})

test('ids of one millisecond sort as they were made, whatever they name, and are told apart by chance', () => {
  const ids = Array.from({ length: 5_000 }, () => newExchangeId(7))
  assert.deepEqual(ids.toSorted(), ids)
  assert.ok(newControlId('au', 7).slice(3) > (ids.at(-1) ?? '').slice(3))
  const steps = new Set(ids.map((id) => id.slice(-8)))
  assert.equal(steps.size, ids.length)
  assert.ok(ids.every((id) => isExchangeId(id)))
})

test('the floor of a time divides the ids born before it from the others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: TIME_MAX_MS }), (timeMs) => {
      const floor = exchangeIdFloor(timeMs)
      assert.ok(newExchangeId(timeMs - 1) < floor)
      assert.ok(floor < newExchangeId(timeMs))
      assert.equal(exchangeIdFloor(timeMs - 0.5), floor)
    }),
  )
})

test('times that no id spells have a floor too', () => {
  const oldest = newExchangeId(0)
  for (const timeMs of [-1, -1e300, -Infinity]) assert.ok(exchangeIdFloor(timeMs) < oldest)
  const newest = newExchangeId(TIME_MAX_MS)
  for (const timeMs of [1e300, Infinity]) assert.ok(exchangeIdFloor(timeMs) > newest)
})

test('only an exchange id passes for one', () => {
  const id = newExchangeId(1)
  assert.ok(isExchangeId(id))
  const refused = ['', 'ex_', id.slice(1), `${id}0`, id.toUpperCase(), id.replace('ex_', 'ev_')]
  for (const text of [...refused, `${id}\n`, `${id.slice(0, -1)}u`, exchangeIdFloor(1)]) {
    assert.ok(!isExchangeId(text), text)
  }
})
