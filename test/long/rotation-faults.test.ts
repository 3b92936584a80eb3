import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failRotations } from '../harness/rotation-faults.ts'

test('every third file call of a rotation of keys fails once in each way: nothing becomes unreadable, every rotation can be finished', async () => {
  assert.ok((await failRotations(3)) > 60)
})
