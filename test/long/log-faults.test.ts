import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failLogCalls } from '../harness/log-faults.ts'

test('every file call of the log may fail once: nothing is lost, nothing forked', async () => {
  assert.ok((await failLogCalls(1)) > 100)
})
