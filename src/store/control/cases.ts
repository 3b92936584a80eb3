/** Cases in the control database: versions keep two people from overwriting each other, nothing is ever deleted. */
import type { Selectable } from 'kysely'
import { isExchangeId, type ExchangeId } from '../../lib/ids.ts'
import type { CaseEntryRow, CaseMemberRow, CaseRow, CaseTable } from '../../model/cases.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { isUnstorable, storable } from './stored-text.ts'

type StoredCase = Selectable<ControlTables['cases']>
type StoredEntry = Selectable<ControlTables['case_entries']>

/** Bound parameters of one statement are limited. */
const IDS_MAX = 500

export function createCaseTable(db: ControlDb, engine: ControlEngine): CaseTable {
  /** One at a time: a number must be given once, and the last member be known. */
  const alone = <Result>(work: (db: ControlDb) => Promise<Result>): Promise<Result> =>
    db.transaction().execute(async (transaction) => {
      await engine.lockPeople(transaction)
      return work(transaction)
    })
  return {
    insert: (row) =>
      alone(async (transaction) => {
        const { last } = await transaction
          .selectFrom('cases')
          .select((builder) => builder.fn.max('number').as('last'))
          .executeTakeFirstOrThrow()
        const numbered: CaseRow = { ...row, number: (last ?? 0) + 1 }
        await transaction.insertInto('cases').values(encode(numbered)).execute()
        const { id: caseId, createdBy: person, createdAtMs: addedAtMs } = row
        await transaction
          .insertInto('case_members')
          .values(encodeMember({ caseId, person, addedBy: person, addedAtMs }))
          .execute()
        return numbered
      }),
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db.selectFrom('cases').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    list: async ({ status, exchange, before, limit }) => {
      if (isUnstorable(exchange ?? '') || isUnstorable(before ?? '')) return []
      let query = db.selectFrom('cases').selectAll().orderBy('id', 'desc').limit(limit)
      if (status !== undefined) query = query.where('status', '=', status)
      if (before !== undefined) query = query.where('id', '<', before)
      if (exchange !== undefined)
        query = query.where('id', 'in', (builder) =>
          builder
            .selectFrom('case_entries')
            .select('case_id')
            .where('target', '=', exchange)
            .where('kind', '=', 'pin')
            .where('removed_at_ms', 'is', null),
        )
      return (await query.execute()).map(decode)
    },
    pins: async (limit) => {
      const rows = await db
        .selectFrom('case_entries')
        .select(['case_id', 'target'])
        .where('kind', '=', 'pin')
        .where('removed_at_ms', 'is', null)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.flatMap(({ case_id, target }) =>
        isExchangeId(target) ? [{ caseId: case_id, exchange: target }] : [],
      )
    },
    everPinned: async (exchanges) => {
      const found: { caseId: string; exchange: ExchangeId }[] = []
      for (let at = 0; at < exchanges.length; at += IDS_MAX) {
        const rows = await db
          .selectFrom('case_entries')
          .select(['case_id', 'target'])
          .distinct()
          .where('target', 'in', exchanges.slice(at, at + IDS_MAX))
          .where('kind', '=', 'pin')
          .execute()
        for (const { case_id, target } of rows)
          if (isExchangeId(target)) found.push({ caseId: case_id, exchange: target })
      }
      return found
    },
    update: async (row) => {
      const { id, number: _number, created_by: _by, created_at_ms: _at, ...columns } = encode(row)
      const changed = await db
        .updateTable('cases')
        .set(columns)
        .where('id', '=', id)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    ...members(db, alone),
    ...entries(db),
  }
}

type Members = Pick<CaseTable, 'members' | 'addMember' | 'removeMember' | 'casesOf'>

function members(
  db: ControlDb,
  alone: <Result>(work: (db: ControlDb) => Promise<Result>) => Promise<Result>,
): Members {
  const of = async (from: ControlDb, caseId: string): Promise<readonly CaseMemberRow[]> =>
    (
      await from
        .selectFrom('case_members')
        .selectAll()
        .where('case_id', '=', caseId)
        .orderBy('added_at_ms')
        .orderBy('person')
        .execute()
    ).map((row) => ({
      caseId: row.case_id,
      person: row.person,
      addedBy: row.added_by,
      addedAtMs: row.added_at_ms,
    }))
  return {
    members: (caseId) => (isUnstorable(caseId) ? Promise.resolve([]) : of(db, caseId)),
    addMember: (row) =>
      alone(async (transaction) => {
        const known = await of(transaction, row.caseId)
        if (known.some(({ person }) => person === row.person)) return false
        await transaction.insertInto('case_members').values(encodeMember(row)).execute()
        return true
      }),
    removeMember: (caseId, person) =>
      alone(async (transaction) => {
        if (isUnstorable(caseId) || isUnstorable(person)) return 'none'
        const known = await of(transaction, caseId)
        if (!known.some((member) => member.person === person)) return 'none'
        if (known.length === 1) return 'last'
        await transaction
          .deleteFrom('case_members')
          .where('case_id', '=', caseId)
          .where('person', '=', person)
          .execute()
        return 'removed'
      }),
    casesOf: async (person) => {
      const rows = await db
        .selectFrom('case_members')
        .select('case_id')
        .where('person', '=', person)
        .execute()
      return new Set(rows.map((row) => row.case_id))
    },
  }
}

function entries(db: ControlDb): Pick<CaseTable, 'entries' | 'insertEntry' | 'updateEntry'> {
  return {
    entries: async (caseId) => {
      if (isUnstorable(caseId)) return []
      const rows = await db
        .selectFrom('case_entries')
        .selectAll()
        .where('case_id', '=', caseId)
        .orderBy('id')
        .execute()
      return rows.map(decodeEntry)
    },
    insertEntry: async (row) => {
      await db.insertInto('case_entries').values(encodeEntry(row)).execute()
    },
    updateEntry: async (row) => {
      const { text, task, edited_at_ms, removed_at_ms, version } = encodeEntry(row)
      const changed = await db
        .updateTable('case_entries')
        .set({ text, task, edited_at_ms, removed_at_ms, version })
        .where('id', '=', row.id)
        .where('case_id', '=', row.caseId)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

function encode(row: CaseRow): StoredCase {
  return {
    id: row.id,
    number: row.number,
    title: storable(row.title),
    question: storable(row.question),
    status: row.status,
    severity: row.severity,
    tlp: row.tlp,
    sealed: row.sealed ? 1 : 0,
    created_by: row.createdBy,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
    closed_at_ms: row.closedAtMs,
    version: row.version,
  }
}

function decode(row: StoredCase): CaseRow {
  return {
    id: row.id,
    number: row.number,
    title: row.title,
    question: row.question,
    status: row.status,
    severity: row.severity,
    tlp: row.tlp,
    sealed: row.sealed === 1,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    closedAtMs: row.closed_at_ms,
    version: row.version,
  }
}

function encodeMember(row: CaseMemberRow): Selectable<ControlTables['case_members']> {
  return {
    case_id: row.caseId,
    person: row.person,
    added_by: row.addedBy,
    added_at_ms: row.addedAtMs,
  }
}

function encodeEntry(row: CaseEntryRow): StoredEntry {
  return {
    id: row.id,
    case_id: row.caseId,
    kind: row.kind,
    at_ms: row.atMs,
    person: row.person,
    parent: row.parent,
    target: storable(row.target),
    span: row.span === null ? null : JSON.stringify(row.span),
    text: storable(row.text),
    task: row.task === null ? null : JSON.stringify(row.task),
    edited_at_ms: row.editedAtMs,
    removed_at_ms: row.removedAtMs,
    version: row.version,
  }
}

function decodeEntry(row: StoredEntry): CaseEntryRow {
  return {
    id: row.id,
    caseId: row.case_id,
    kind: row.kind,
    atMs: row.at_ms,
    person: row.person,
    parent: row.parent,
    target: row.target,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encodeEntry` wrote it
    span: row.span === null ? null : (JSON.parse(row.span) as CaseEntryRow['span']),
    text: row.text,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encodeEntry` wrote it
    task: row.task === null ? null : (JSON.parse(row.task) as CaseEntryRow['task']),
    editedAtMs: row.edited_at_ms,
    removedAtMs: row.removed_at_ms,
    version: row.version,
  }
}
