/** Counts the values of many fields over the same exchanges by grouping sets, in one reading of the rows: PostgreSQL has them, SQLite has not. */
import { sql } from 'kysely'
import type { FacetField, FacetValue } from '../../model/exchange-query.ts'
import { isListField } from '../../model/exchange-query.ts'
import { itemCounts, mostFrequent } from './facet-values.ts'
import type { SharedFacets } from './shared-facets.ts'
import { FACET_COLUMNS } from './where-value.ts'

interface Counted {
  /** A bit for each field that the row is not grouped by, that of the last field lowest. */
  readonly mask: number
  readonly value: string
  readonly count: number
}

export const setFacets: SharedFacets = async (db, exchanges, fields, valuesMax) => {
  if (fields.length === 0) {
    const all = await exchanges.select(sql<number>`count(*)`.as('count')).executeTakeFirst()
    return { total: all?.count ?? 0, fields: new Map() }
  }
  const columns = fields.map((field) => sql.ref(FACET_COLUMNS[field]))
  const whole = 2 ** fields.length - 1
  const maskOf = (at: number): number => whole - 2 ** (fields.length - 1 - at)
  // Of a set all columns but its own are null.
  const texts = columns.map((column) => sql`cast(${column} as text)`)
  const counted = exchanges
    .select([
      sql`grouping(${sql.join(columns)})`.as('mask'),
      sql`coalesce(${sql.join(texts)}, '')`.as('value'),
      sql`count(*)`.as('count'),
    ])
    .groupBy(sql`grouping sets ((), ${sql.join(columns.map((column) => sql`(${column})`))})`)
  const lists = fields.flatMap((field, at) => (isListField(field) ? [maskOf(at)] : []))
  const isKept = sql.join(
    [sql`place <= ${valuesMax}`, ...lists.map((mask) => sql`mask = ${mask}`)],
    sql` or `,
  )
  const { rows } = await sql<Counted>`select mask, value, count from (
    select mask, value, count, row_number() over (partition by mask order by count desc, value collate "C") as place
    from (${counted}) as counted) as placed where ${isKept} order by place`.execute(db)
  const of = Map.groupBy(rows, ({ mask }) => mask)
  const found = new Map<FacetField, readonly FacetValue[]>()
  for (const [at, field] of fields.entries()) {
    const values = (of.get(maskOf(at)) ?? []).map(({ value, count }) => ({ value, count }))
    // Lists repeat: each distinct one is taken apart once.
    found.set(field, isListField(field) ? mostFrequent(itemCounts(values), valuesMax) : values)
  }
  return { total: of.get(whole)?.[0]?.count ?? 0, fields: found }
}
