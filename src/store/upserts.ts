/** The conflict clauses of the index, in SQL that both engines read the same way. */
import {
  BLOCK_COLUMNS,
  EVENT_COLUMNS,
  EXCHANGE_COLUMNS,
  FINDING_COLUMNS,
  POSITION_COLUMNS,
} from './row-codec.ts'

export interface Upsert {
  readonly table: 'exchanges' | 'blocks' | 'events' | 'positions' | 'exchange_findings'
  readonly columns: readonly string[]
  readonly onConflict: string
}

/**
 * Opening facts that are index keys: the same in every state of an exchange, so a later state leaves them alone and
 * SQLite need not rewrite five index entries.
 */
const FIXED = new Set<string>([
  'id',
  'principal',
  'service',
  'key_id',
  'model',
  'upstream',
  'conversation',
  'previous_response',
])

const assign = (columns: readonly string[]): string =>
  columns.map((column) => `${column} = excluded.${column}`).join(', ')

/** Closed beats open; of two closed rows the one closed further on in the segments wins. */
const rank = (row: string): string =>
  `(case when ${row}.state = 'open' then 0 else 1 end, coalesce(${row}.close_segment, -1), coalesce(${row}.close_offset, -1))`

const EXCHANGES: Upsert = {
  table: 'exchanges',
  columns: [...EXCHANGE_COLUMNS, 'change_seq'],
  onConflict:
    `on conflict (id) do update set ${assign([...EXCHANGE_COLUMNS, 'change_seq'].filter((column) => !FIXED.has(column)))}` +
    ` where ${rank('excluded')} > ${rank('exchanges')}`,
}

const BLOCKS: Upsert = {
  table: 'blocks',
  columns: BLOCK_COLUMNS,
  onConflict:
    `on conflict (id, retention_class, instance) do update set ${assign(['segment', 'byte_offset', 'bytes', 'first_exchange'])}` +
    ' where (excluded.segment, excluded.byte_offset) < (blocks.segment, blocks.byte_offset)',
}

const EVENTS: Upsert = {
  table: 'events',
  columns: EVENT_COLUMNS,
  onConflict: 'on conflict (id) do nothing',
}

const FINDINGS: Upsert = {
  table: 'exchange_findings',
  columns: FINDING_COLUMNS,
  onConflict: 'on conflict (exchange, direction, entity, rule, operator, fingerprint) do nothing',
}

const POSITIONS: Upsert = {
  table: 'positions',
  columns: POSITION_COLUMNS,
  onConflict:
    `on conflict (instance) do update set ${assign(['segment', 'byte_offset'])}` +
    ' where (excluded.segment, excluded.byte_offset) > (positions.segment, positions.byte_offset)',
}

export const UPSERTS = {
  exchanges: EXCHANGES,
  blocks: BLOCKS,
  events: EVENTS,
  findings: FINDINGS,
  positions: POSITIONS,
} as const
