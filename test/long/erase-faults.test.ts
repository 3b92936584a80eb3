import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failErasures } from '../harness/erase-faults.ts'

test('every file call of an erasure fails once in each way, and nothing is lost or left', async () => {
  assert.ok((await failErasures(1)) > 100)
})
