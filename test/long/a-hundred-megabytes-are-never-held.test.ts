import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('uploads of 100 MB stream through, are never held whole, and are recorded byte for byte', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, '../harness/big-upload.ts'),
  ])
  const lines = stdout.trim().split('\n')
  assert.equal(lines.length, 2)
  for (const line of lines) {
    const measured = JSON.parse(line)
    const { name, status, problems, isSame, receivedBytes, takenBytes } = measured
    assert.equal(status, 200, name)
    assert.deepEqual(problems, [], name)
    assert.ok(isSame, `${name}: recorded and received bytes are what was sent`)
    // The provider stopped reading at 40 MB, and that held the sender back.
    assert.ok(receivedBytes >= 40_000_000 && takenBytes < 100_000_000, line)
    assert.ok(measured.midwayBytes < 25_000_000, line)
    assert.ok(measured.endBytes < 25_000_000, line)
  }
})
