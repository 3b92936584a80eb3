import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { killRounds } from '../../test/harness/kill-rounds.ts'

test('nothing acknowledged is lost when the process is killed', async () => {
  await using folder = await temporaryFolder()
  let round = 0
  const report = await killRounds(folder.path, 3, () => 40 + 37 * (round += 1))
  assert.ok(report.closed > 0)
})
