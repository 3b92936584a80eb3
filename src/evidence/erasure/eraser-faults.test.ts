import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failErasures } from '../../../test/harness/erase-faults.ts'

test('an erasure whose file calls fail is finished at the next start, or never happened', async () => {
  assert.ok((await failErasures(45)) > 5)
})
