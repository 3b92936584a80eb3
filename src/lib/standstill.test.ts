import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOKS, Standstill } from './standstill.ts'

test('whoever goes on never stands still, whoever stops does after some looks', () => {
  const watch = new Standstill()
  for (let count = 1; count < 50; count += 1) assert.equal(watch.stands(count), false)
  for (let look = 1; look < LOOKS; look += 1) assert.equal(watch.stands(49), false)
  assert.equal(watch.stands(49), true)
  assert.equal(watch.stands(50), false)
})

test('a count that does not move for a while and then does begins anew', () => {
  const watch = new Standstill()
  for (let round = 1; round < 5; round += 1)
    for (let look = 0; look < LOOKS; look += 1) assert.equal(watch.stands(round), false)
})

test('whoever has not begun is waited for', () => {
  const watch = new Standstill()
  for (let look = 0; look < 9 * LOOKS; look += 1) assert.equal(watch.stands(0), false)
})
