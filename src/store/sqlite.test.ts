import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from './store.ts'

function freshFolder(): { folder: string; [Symbol.dispose]: () => void } {
  const parent = mkdtempSync(join(tmpdir(), 'custody-store-'))
  return {
    folder: join(parent, 'data'),
    [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }),
  }
}

test('the database files belong to their owner alone', async () => {
  using fresh = freshFolder()
  await using store = await openStore({ kind: 'sqlite', folder: fresh.folder })
  await store.keys.list()
  assert.equal(statSync(fresh.folder).mode & 0o777, 0o700)
  for (const name of ['index.db', 'index.db-wal', 'control.db', 'control.db-wal']) {
    assert.equal(statSync(join(fresh.folder, name)).mode & 0o777, 0o600, name)
  }
})
