/** The audit trail: rows go in and come out; there is no way to change one, here or in the database. */
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { AuditFilter, AuditRow, AuditTable } from '../../model/control.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { isUnstorable, storable } from './stored-text.ts'

const EXACT = ['person', 'operation', 'target', 'outcome'] as const

export function createAuditTable(db: ControlDb, engine: ControlEngine): AuditTable {
  return {
    // An fsync per read would hold up every exchange of the process; evidence keeps the durable copy.
    append: (row) =>
      engine.relaxed(async (relaxed) => {
        await relaxed.insertInto('audit_events').values(encode(row)).execute()
      }),
    list: async (filter) => {
      if (hasUnstorable(filter)) return []
      let query = db
        .selectFrom('audit_events')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(filter.limit)
      for (const field of EXACT) {
        const value = filter[field]
        if (value !== undefined) query = query.where(sql.ref(field), '=', value)
      }
      if (filter.before !== undefined) query = query.where('id', '<', filter.before)
      if (filter.sinceMs !== undefined)
        query = query.where('at_ms', '>=', Math.ceil(filter.sinceMs))
      if (filter.untilMs !== undefined)
        query = query.where('at_ms', '<=', Math.floor(filter.untilMs))
      return (await query.execute()).map(decode)
    },
  }
}

function hasUnstorable(filter: AuditFilter): boolean {
  return [filter.before ?? '', ...EXACT.map((field) => filter[field] ?? '')].some(isUnstorable)
}

type Stored = Selectable<ControlTables['audit_events']>

function encode(row: AuditRow): Stored {
  return {
    id: row.id,
    at_ms: row.atMs,
    person: row.person,
    person_name: storable(row.personName),
    operation: row.operation,
    target: storable(row.target),
    outcome: row.outcome,
    reason: storable(row.reason),
    address: storable(row.address),
    authentication: row.authentication,
    details: JSON.stringify(row.details),
  }
}

function decode(row: Stored): AuditRow {
  return {
    id: row.id,
    atMs: row.at_ms,
    person: row.person,
    personName: row.person_name,
    operation: row.operation,
    target: row.target,
    outcome: row.outcome,
    reason: row.reason,
    address: row.address,
    authentication: row.authentication,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    details: JSON.parse(row.details) as AuditRow['details'],
  }
}
