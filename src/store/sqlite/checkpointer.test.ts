import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { batchOf, blockRow, closedRow } from '../../../test/store/samples.ts'
import { openStore } from '../store.ts'
import { createCheckpointer } from './checkpointer.ts'

test('what was written reaches the database file while the store is open and writing', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const file = join(folder.path, 'index.db')
  const sizeBefore = statSync(file).size
  const numbers = Array.from({ length: 300 }, (_, n) => n)
  let rounds = 0
  // Every round writes 600 rows; the thread is asked after 5000 and needs a while to start.
  while (statSync(file).size <= sizeBefore + 1_000_000) {
    assert.ok(rounds < 2000, 'the file never grew')
    const first = rounds * numbers.length
    await store.index.apply(
      batchOf({
        exchanges: numbers.map((n) => closedRow(first + n)),
        blocks: numbers.map((n) => blockRow(first + n)),
      }),
    )
    rounds += 1
    await pause(1)
  }
  const rows = await store.index.list({ limit: 1_000_000 })
  assert.equal(rows.length, rounds * numbers.length)
})

test('a checkpointer that cannot open its database harms nobody', async () => {
  using folder = temporaryFolder()
  const checkpointer = createCheckpointer(join(folder.path, 'missing', 'index.db'))
  for (let n = 0; n < 5; n += 1) {
    checkpointer.wrote(5000)
    await pause(20)
  }
  await checkpointer[Symbol.asyncDispose]()
})
