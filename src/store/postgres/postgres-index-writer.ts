/** Writes an index batch to PostgreSQL as one statement: one round trip, all or nothing. */
import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { IndexBatch } from '../exchange-index.ts'
import { tombstonesOf } from '../erasure-index.ts'
import { latestRows } from '../latest-rows.ts'
import type { StoredValue } from '../row-codec.ts'
import {
  encodeBlock,
  encodeEvent,
  encodeExchange,
  encodeFinding,
  encodePosition,
  keyText,
} from '../row-codec.ts'
import type { IndexDb } from '../schema.ts'
import type { Upsert } from '../upserts.ts'
import { UPSERTS } from '../upserts.ts'

export async function applyToPostgres(db: IndexDb, batch: IndexBatch): Promise<void> {
  const exchanges = inIdOrder(latestRows(batch.exchanges)).map(encodeExchange)
  const blocks = earliestBlocks(batch).map(encodeBlock)
  const events = inIdOrder(onePerId(batch.events)).map(encodeEvent)
  const findings = inKeyOrder(batch.findings).map(encodeFinding)
  const erased = batch.events.flatMap((row) => tombstonesOf(row.id, row.event, 0))
  const write = (to: IndexDb): Promise<unknown> =>
    sql`
    with exchanges_in as (${insert(UPSERTS.exchanges, exchanges)}),
      blocks_in as (${insert(UPSERTS.blocks, blocks)}),
      events_in as (${insert(UPSERTS.events, events)}),
      findings_in as (${insert(UPSERTS.findings, findings)})
    ${insert(UPSERTS.positions, [encodePosition(batch.position)])}
  `.execute(to)
  const speaking = batch.events.flatMap(({ id, event }) =>
    [...new Set(event.records)].map((record) => ({ record: keyText(record), event: id })),
  )
  if (erased.length === 0 && speaking.length === 0) {
    await write(db)
    return
  }
  await db.transaction().execute(async (transaction) => {
    await write(transaction)
    if (speaking.length > 0) {
      await transaction
        .insertInto('event_records')
        .values(speaking)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    if (erased.length === 0) return
    await transaction
      .insertInto('erased_exchanges')
      .values(erased)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const ids = erased.map(({ id }) => id)
    await transaction.deleteFrom('exchanges').where('id', 'in', ids).execute()
    await transaction.deleteFrom('exchange_findings').where('exchange', 'in', ids).execute()
  })
}

/** A row read from the segments again, while its erasure is under way or after an older copy came back, does not return. */
const LIVING: Readonly<Partial<Record<Upsert['table'], string>>> = {
  exchanges: 'where not exists (select 1 from erased_exchanges where id = rows_in.id)',
  exchange_findings:
    'where not exists (select 1 from erased_exchanges where id = rows_in.exchange)',
}

/** `json_populate_recordset` gives each value the type of its column; column names come from our own tables. */
function insert(upsert: Upsert, rows: readonly (readonly StoredValue[])[]): RawBuilder<unknown> {
  const records = rows.map((row) =>
    Object.fromEntries(upsert.columns.map((column, i) => [column, row[i] ?? null])),
  )
  const columns = sql.raw(upsert.columns.join(', '))
  // The transaction's own number: readers go no further than the oldest transaction that still runs.
  const selected = sql.raw(
    upsert.columns
      .map((column) => (column === 'change_seq' ? 'pg_current_xact_id()::text::bigint' : column))
      .join(', '),
  )
  const table = sql.raw(upsert.table)
  return sql`insert into ${table} (${columns})
    select ${selected} from json_populate_recordset(null::${table}, ${JSON.stringify(records)}::json) as rows_in
    ${sql.raw(LIVING[upsert.table] ?? '')}
    ${sql.raw(upsert.onConflict)}`
}

/** Two processes that write the same rows lock them in the same order, so neither waits for the other forever. */
function inIdOrder<Row extends { readonly id: string }>(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

function inKeyOrder(rows: IndexBatch['findings']): IndexBatch['findings'] {
  const keyed = rows.map((row) => {
    const { exchange, direction, entity, rule, operator, fingerprint } = row
    return [
      JSON.stringify([exchange, direction, entity, rule, operator, fingerprint]),
      row,
    ] as const
  })
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row)
}

/** PostgreSQL refuses a statement that would update one row twice. */
function onePerId<Row extends { readonly id: string }>(rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()]
}

function earliestBlocks(batch: IndexBatch): IndexBatch['blocks'] {
  const earliest = new Map<string, IndexBatch['blocks'][number]>()
  for (const block of batch.blocks) {
    const key = JSON.stringify([block.id, block.retentionClass, block.instance])
    const known = earliest.get(key)
    const isEarlier =
      known === undefined ||
      block.segment < known.segment ||
      (block.segment === known.segment && block.offset < known.offset)
    if (isEarlier) earliest.set(key, block)
  }
  return inIdOrder([...earliest.values()])
}
