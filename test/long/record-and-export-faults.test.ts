import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failWhole } from '../harness/whole-faults.ts'

test('every file call of recording, logging and exporting fails once in each way: what was acknowledged is there, and no bundle says what is not so', async () => {
  assert.ok((await failWhole(1)) > 100)
})
