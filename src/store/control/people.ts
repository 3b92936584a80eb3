/** People in the control database; the last active admin stays, whoever writes at the same time. */
import type { Selectable } from 'kysely'
import type { PeopleTable, PersonRow } from '../../model/people.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { decodeRoles, isUnstorable, storable } from './stored-text.ts'

export function createPeopleTable(db: ControlDb, engine: ControlEngine): PeopleTable {
  const one = async (
    from: ControlDb,
    column: 'id' | 'login',
    value: string,
  ): Promise<PersonRow | null> => {
    if (isUnstorable(value)) return null
    const row = await from
      .selectFrom('people')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decode(row)
  }
  const list = async (from: ControlDb): Promise<readonly PersonRow[]> =>
    (await from.selectFrom('people').selectAll().orderBy('id').execute()).map(decode)
  const alone = <Result>(work: (db: ControlDb) => Promise<Result>): Promise<Result> =>
    db.transaction().execute(async (transaction) => {
      await engine.lockPeople(transaction)
      return work(transaction)
    })
  return {
    insert: (row) =>
      alone(async (transaction) => {
        if ((await one(transaction, 'login', row.login)) !== null) return false
        await transaction.insertInto('people').values(encode(row)).execute()
        return true
      }),
    insertFirst: (row) =>
      alone(async (transaction) => {
        if ((await list(transaction)).length > 0) return false
        await transaction.insertInto('people').values(encode(row)).execute()
        return true
      }),
    byId: (id) => one(db, 'id', id),
    byLogin: (login) => one(db, 'login', login),
    list: () => list(db),
    disabled: async () => {
      const rows = await db
        .selectFrom('people')
        .select('login')
        .where('disabled_at_ms', 'is not', null)
        .execute()
      return rows.map(({ login }) => login)
    },
    update: async (id, version, change, by = 'console') => {
      const { result, isBack } = await alone(async (transaction) => {
        const people = await list(transaction)
        const known = people.find((person) => person.id === id)
        if (known === undefined) return over('not-found')
        if (known.version !== version) return over('conflict')
        const changed: PersonRow = { ...known, ...change, version: version + 1 }
        if (people.some((person) => person.id !== id && person.login === changed.login))
          return over('taken')
        const endsLastAdmin =
          isActiveAdmin(known) &&
          !people.some((person) => isActiveAdmin(person.id === id ? changed : person))
        if (endsLastAdmin && by === 'console') return over('last-admin')
        const { id: _id, ...columns } = encode(changed)
        await transaction.updateTable('people').set(columns).where('id', '=', id).execute()
        // Who leaves is cut off by a lock, which is announced; who comes back may have none left to be released.
        const isEnabled = known.disabledAtMs !== null && changed.disabledAtMs === null
        if (isEnabled) await engine.changes.announce(transaction)
        return { result: 'updated' as const, isBack: isEnabled }
      })
      if (isBack) engine.changes.committed()
      return result
    },
    loggedIn: async (id, atMs) => {
      await db.updateTable('people').set({ last_login_at_ms: atMs }).where('id', '=', id).execute()
    },
  }
}

function over<Result extends string>(
  result: Result,
): { readonly result: Result; readonly isBack: false } {
  return { result, isBack: false }
}

function isActiveAdmin(person: PersonRow): boolean {
  return person.roles.includes('admin') && person.disabledAtMs === null
}

type Stored = Selectable<ControlTables['people']>

function encode(row: PersonRow): Stored {
  return {
    id: row.id,
    login: storable(row.login),
    name: storable(row.name),
    roles: JSON.stringify(row.roles),
    disabled_at_ms: row.disabledAtMs,
    created_at_ms: row.createdAtMs,
    last_login_at_ms: row.lastLoginAtMs,
    version: row.version,
    managed_by: row.managedBy,
  }
}

function decode(row: Stored): PersonRow {
  return {
    id: row.id,
    login: row.login,
    name: row.name,
    roles: decodeRoles(row.roles),
    disabledAtMs: row.disabled_at_ms,
    createdAtMs: row.created_at_ms,
    lastLoginAtMs: row.last_login_at_ms,
    version: row.version,
    managedBy: row.managed_by,
  }
}
