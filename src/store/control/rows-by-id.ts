/** Reads the rows of a control table whose ids are in order of time: one by its id, or a page of them, newest first. */
import { sql, type SelectQueryBuilder, type Selectable } from 'kysely'
import type { ControlTables } from '../schema.ts'
import { isUnstorable } from './stored-text.ts'

export interface RowPage {
  /** Rows with an id strictly before this one: older ones. */
  readonly before?: string
  readonly limit: number
}

export interface RowsById<Row> {
  readonly byId: (id: string) => Promise<Row | null>
  readonly list: (page: RowPage) => Promise<readonly Row[]>
}

const ID = sql.ref<string>('id')

export function rowsById<Table extends keyof ControlTables, Row>(
  all: () => SelectQueryBuilder<ControlTables, Table, Selectable<ControlTables[Table]>>,
  decode: (stored: Selectable<ControlTables[Table]>) => Row,
): RowsById<Row> {
  return {
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await all().where(ID, '=', id).executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    list: async ({ before, limit }) => {
      if (isUnstorable(before ?? '')) return []
      const newest = all().orderBy(ID, 'desc').limit(limit)
      const page = before === undefined ? newest : newest.where(ID, '<', before)
      return (await page.execute()).map((row) => decode(row))
    },
  }
}
