/** Writes index batches to SQLite: prepared statements, one transaction, no await inside it. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { IndexBatch } from '../exchange-index.ts'
import { TOMBSTONE_COLUMNS, tombstonesOf } from '../erasure-index.ts'
import { latestRows } from '../latest-rows.ts'
import {
  encodeBlock,
  encodeEvent,
  encodeExchange,
  encodeFinding,
  encodePosition,
  keyText,
} from '../row-codec.ts'
import type { Upsert } from '../upserts.ts'
import { UPSERTS } from '../upserts.ts'
import { systemClock } from '../../lib/clock.ts'
import { whenFree } from './when-free.ts'

/** One row a call: measured three times faster here than `json_each` over a JSON text of the batch. */
export function createSqliteIndexWriter(
  database: DatabaseSync,
): (batch: IndexBatch) => Promise<void> {
  const begin = database.prepare('begin immediate')
  const commit = database.prepare('commit')
  const rollback = database.prepare('rollback')
  const exchanges = prepareUpsert(database, UPSERTS.exchanges)
  const blocks = prepareUpsert(database, UPSERTS.blocks)
  const events = prepareUpsert(database, UPSERTS.events)
  const findings = prepareUpsert(database, UPSERTS.findings)
  const positions = prepareUpsert(database, UPSERTS.positions)
  const tombstones = database.prepare(
    `insert into erased_exchanges (${TOMBSTONE_COLUMNS.join(', ')})
      values (${TOMBSTONE_COLUMNS.map(() => '?').join(', ')}) on conflict (id) do nothing`,
  )
  const eventRecords = database.prepare(
    'insert into event_records (record, event) values (?, ?) on conflict do nothing',
  )
  const anyErased = database.prepare('select 1 from erased_exchanges limit 1')
  // A row that is read from the segments again, while its erasure is under way or after an older copy came back.
  const forgets = [
    'delete from exchanges where id = ? and id in (select id from erased_exchanges)',
    'delete from exchange_findings where exchange = ? and exchange in (select id from erased_exchanges)',
  ].map((text) => database.prepare(text))
  const forget = (id: string): void => {
    for (const statement of forgets) statement.run(id)
  }
  const newest = database.prepare('select max(change_seq) as seq from exchanges')
  return async (batch) => {
    await whenFree(() => void begin.run())
    try {
      // Never below the time: after a rebuild a reader's last number must not lie ahead of new ones.
      const seq = Math.max(Number(newest.get()?.['seq'] ?? 0) + 1, systemClock.nowMs())
      for (const row of latestRows(batch.exchanges)) exchanges.run(...encodeExchange(row), seq)
      for (const row of batch.blocks) blocks.run(...encodeBlock(row))
      for (const row of batch.findings) findings.run(...encodeFinding(row))
      for (const row of batch.events) {
        events.run(...encodeEvent(row))
        for (const record of row.event.records ?? []) eventRecords.run(keyText(record), row.id)
        for (const erased of tombstonesOf(row.id, row.event, seq)) {
          tombstones.run(...TOMBSTONE_COLUMNS.map((column) => erased[column]))
          forget(erased.id)
        }
      }
      if (anyErased.get() !== undefined) {
        for (const row of batch.exchanges) forget(row.id)
        for (const row of batch.findings) forget(row.exchange)
      }
      positions.run(...encodePosition(batch.position))
      commit.run()
    } catch (error) {
      rollback.run()
      throw error
    }
  }
}

function prepareUpsert(database: DatabaseSync, upsert: Upsert): StatementSync {
  const places = upsert.columns.map(() => '?').join(', ')
  return database.prepare(
    `insert into ${upsert.table} (${upsert.columns.join(', ')}) values (${places}) ${upsert.onConflict}`,
  )
}
