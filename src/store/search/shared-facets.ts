/** Counts the values of many fields over the same exchanges: the wide rows are read once, and their narrow copy is grouped by each field. */
import type { SelectQueryBuilder } from 'kysely'
import { sql } from 'kysely'
import type { FacetField, FacetValue } from '../../model/exchange-query.ts'
import { isListField } from '../../model/exchange-query.ts'
import type { IndexDb, IndexTables } from '../schema.ts'
import { itemCounts, mostFrequent } from './facet-values.ts'
import { FACET_COLUMNS } from './where-value.ts'

interface Counted {
  readonly field: string
  readonly value: string
  readonly count: number
}

const TOTAL = 'total'

/** None of the fields has a condition of its own among those of `exchanges`. */
export type SharedFacets = (
  db: IndexDb,
  exchanges: SelectQueryBuilder<IndexTables, 'exchanges', object>,
  fields: readonly FacetField[],
  valuesMax: number,
) => Promise<{ readonly total: number; readonly fields: Map<FacetField, readonly FacetValue[]> }>

export const sharedFacets: SharedFacets = async (db, exchanges, fields, valuesMax) => {
  // Brings its own parentheses: SQLite takes no second pair.
  const narrow = exchanges.select(fields.map((field) => FACET_COLUMNS[field]))
  const groups = fields.map((field) => groupOf(field, valuesMax))
  const { rows } = await sql<Counted>`with found as materialized ${narrow}
    select cast(${sql.lit(TOTAL)} as text) as field, cast('' as text) as value, count(*) as count from found
    union all ${sql.join(groups, sql` union all `)}`.execute(db)
  const of = Map.groupBy(rows, ({ field }) => field)
  const counted = new Map<FacetField, readonly FacetValue[]>()
  for (const field of fields) {
    const values = (of.get(field) ?? []).map(({ value, count }) => ({ value, count }))
    // Lists repeat: each distinct one is taken apart once.
    counted.set(field, isListField(field) ? mostFrequent(itemCounts(values), valuesMax) : values)
  }
  return { total: of.get(TOTAL)?.[0]?.count ?? 0, fields: counted }
}

function groupOf(field: FacetField, valuesMax: number) {
  const column = sql.ref(FACET_COLUMNS[field])
  const name = sql`cast(${sql.lit(field)} as text) as field`
  if (isListField(field))
    return sql`select ${name}, ${column} as value, count(*) as count from found group by ${column}`
  return sql`select * from (select ${name}, coalesce(cast(${column} as text), '') as value, count(*) as count
    from found group by 2 order by 3 desc, 2 limit ${sql.lit(valuesMax)}) as ${sql.ref(`of_${field}`)}`
}
