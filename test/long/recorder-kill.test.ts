import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../harness/evidence.ts'
import { killRounds } from '../harness/kill-rounds.ts'

test('fifty kills at random moments on one folder lose nothing that was acknowledged', async (t) => {
  await using folder = await temporaryFolder()
  const report = await killRounds(folder.path, 50, () => Math.random() * 400)
  t.diagnostic(JSON.stringify(report))
  assert.ok(report.closed > 100)
  assert.ok(report.recovered > 0)
})
