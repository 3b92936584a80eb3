import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openWalMark } from './wal-mark.ts'

test('a commit of any connection moves the mark, reading and what is rolled back do not', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-wal-'))
  const path = join(folder, 'some.db')
  const own = new DatabaseSync(path)
  own.exec('pragma journal_mode = wal; create table t (n integer)')
  const other = new DatabaseSync(path)
  t.after(() => {
    other.close()
    own.close()
    rmSync(folder, { recursive: true })
  })
  const mark = openWalMark(path)
  assert.equal(mark.hasMoved(), true)
  if (mark.hasMoved()) return t.skip('this file system has no mark')
  for (const database of [own, other]) {
    database.exec('insert into t values (1)')
    assert.equal(mark.hasMoved(), true)
    assert.equal(mark.hasMoved(), false)
    database.exec('select * from t; begin; insert into t values (2); rollback')
    assert.equal(mark.hasMoved(), false)
  }
  other.exec('pragma wal_checkpoint(truncate); insert into t values (3)')
  assert.equal(mark.hasMoved(), true)
})

test('where no index of a log is open, it may always have moved', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-wal-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const mark = openWalMark(folder)
  assert.deepEqual([mark.hasMoved(), mark.hasMoved()], [true, true])
})
