/** Hunts in the control database. */
import type { Selectable } from 'kysely'
import type { HuntRow, HuntTable } from '../../model/hunts.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { rowsById } from './rows-by-id.ts'
import { storable } from './stored-text.ts'

export function createHuntTable(db: ControlDb): HuntTable {
  const rows = rowsById(() => db.selectFrom('hunts').selectAll(), decode)
  return {
    insert: async (row) => {
      await db.insertInto('hunts').values(encode(row)).execute()
    },
    byId: rows.byId,
    list: (limit) => rows.list({ limit }),
    update: async (row) => {
      const { id, ...columns } = encode(row)
      await db.updateTable('hunts').set(columns).where('id', '=', id).execute()
    },
    forget: async (exchanges) => {
      if (exchanges.length > 0)
        await db.transaction().execute((transaction) => forget(transaction, new Set(exchanges)))
    },
  }
}

async function forget(db: ControlDb, exchanges: ReadonlySet<string>): Promise<void> {
  const named = [...exchanges].map((id) => `%${id}%`)
  const rows = await db
    .selectFrom('hunts')
    .selectAll()
    .where((where) =>
      where.or(named.flatMap((id) => [where('summary', 'like', id), where('hits', 'like', id)])),
    )
    .execute()
  for (const row of rows) {
    const { id, hits, summary } = decode(row)
    const samples = summary.samples.filter(({ exchange }) => !exchanges.has(exchange))
    const left = hits.filter((hit) => !exchanges.has(hit.id))
    if (samples.length === summary.samples.length && left.length === hits.length) continue
    await db
      .updateTable('hunts')
      .set({
        hits: JSON.stringify(left),
        summary: storable(JSON.stringify({ ...summary, samples })),
      })
      .where('id', '=', id)
      .execute()
  }
}

type Stored = Selectable<ControlTables['hunts']>

function encode(row: HuntRow): Stored {
  // Threat: what stands around a match is content, and this database is not encrypted.
  const samples = row.summary.samples.map((sample) => ({ ...sample, excerpt: '' }))
  return {
    id: row.id,
    kind: row.kind,
    title: storable(row.title),
    digest: row.digest,
    source: storable(row.source),
    scope: storable(row.scope),
    query: storable(JSON.stringify(row.query)),
    person: row.person,
    person_name: storable(row.personName),
    state: row.state,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
    bytes: row.bytes,
    bytes_total: row.bytesTotal,
    place: row.place,
    hits: JSON.stringify(row.hits),
    summary: storable(JSON.stringify({ ...row.summary, samples })),
  }
}

function decode(row: Stored): HuntRow {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    digest: row.digest,
    source: row.source,
    scope: row.scope,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    query: JSON.parse(row.query) as HuntRow['query'],
    person: row.person,
    personName: row.person_name,
    state: row.state,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    bytes: row.bytes,
    bytesTotal: row.bytes_total,
    place: row.place,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    hits: JSON.parse(row.hits) as HuntRow['hits'],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    summary: JSON.parse(row.summary) as HuntRow['summary'],
  }
}
