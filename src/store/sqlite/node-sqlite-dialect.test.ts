import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Kysely } from 'kysely'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { until } from '../../../test/harness/until.ts'
import { createDiskProbe } from './disk-probe.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'

interface Tables {
  readonly notes: { readonly text: string }
}

/** A disk that answers when it is told to. */
function heldDisk() {
  const asked: (() => void)[] = []
  using database = new DisposableStack()
  const file = database.adopt(new DatabaseSync(':memory:'), (opened) => opened.close())
  file.exec('create table notes (text text)')
  const opened = database.move()
  const db = new Kysely<Tables>({
    dialect: new NodeSqliteDialect(file, () => new Promise((resolve) => asked.push(resolve))),
  })
  return { db, asked, file, [Symbol.dispose]: () => opened.dispose() }
}

const notes = (file: DatabaseSync) => file.prepare('select text from notes').all()

test('nothing is written before the disk has answered, once for a transaction', async () => {
  using held = heldDisk()
  const { db, asked, file } = held
  const added = db.insertInto('notes').values({ text: 'alone' }).execute()
  await until(() => asked.length > 0)
  assert.deepEqual(notes(file), [])
  asked.shift()?.()
  await added
  const both = db.transaction().execute(async (transaction) => {
    await transaction.insertInto('notes').values({ text: 'first' }).execute()
    await transaction.insertInto('notes').values({ text: 'second' }).execute()
  })
  await until(() => asked.length > 0)
  assert.equal(notes(file).length, 1)
  assert.equal(file.isTransaction, false, 'a lock that others wait for')
  asked.shift()?.()
  await both
  assert.equal(notes(file).length, 3)
  assert.equal((await db.selectFrom('notes').selectAll().execute()).length, 3)
  assert.equal(asked.length, 0, 'a reader asks nothing')
})

test('a disk that refuses the byte refuses the write, with nothing begun', async () => {
  using file = new DisposableStack()
  const database = file.adopt(new DatabaseSync(':memory:'), (opened) => opened.close())
  database.exec('create table notes (text text)')
  const db = new Kysely<Tables>({
    dialect: new NodeSqliteDialect(database, () => Promise.reject(new Error('ENOSPC'))),
  })
  const add = () => db.insertInto('notes').values({ text: 'lost' }).execute()
  await assert.rejects(add(), /ENOSPC/)
  await assert.rejects(db.transaction().execute(add), /ENOSPC/)
  assert.equal(database.isTransaction, false)
  assert.deepEqual(notes(database), [])
})

test('a question to the disk leaves no file behind', async () => {
  using folder = temporaryFolder()
  await using probe = createDiskProbe(folder.path)
  await Promise.all([probe.writable(), probe.writable()])
  await probe.writable()
  assert.deepEqual(readdirSync(folder.path), [])
})
