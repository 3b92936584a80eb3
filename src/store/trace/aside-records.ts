/** Remembers which records ended the index thread, and how often: those that did it again and again are set aside. */
import type { Selectable } from 'kysely'
import type { ExchangeId, InstanceId } from '../../lib/ids.ts'
import type { RecordHalf, TraceDb, TraceTables } from '../schema.ts'

export interface RecordAtWork {
  readonly exchange: ExchangeId
  readonly half: RecordHalf
  /** Where the group of frames begins that it lies in. */
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
}

export interface AsideRecord extends RecordAtWork {
  readonly tries: number
  /** What happened the last time. */
  readonly reason: string
}

export interface AsideRecords {
  readonly list: () => Promise<readonly AsideRecord[]>
  /** One try more. */
  readonly blame: (record: RecordAtWork, reason: string) => Promise<void>
  readonly forgive: (records: readonly Pick<RecordAtWork, 'exchange' | 'half'>[]) => Promise<void>
}

export function createAsideRecords(db: TraceDb): AsideRecords {
  return {
    list: async () =>
      (
        await db.selectFrom('trace_aside').selectAll().orderBy('exchange').orderBy('half').execute()
      ).map(recordOf),
    blame: async ({ offset, ...record }, reason) => {
      const row = { ...record, byte_offset: offset, tries: 1, reason }
      // A transaction waits where a statement by itself would fail: erasures write to these tables too.
      await db.transaction().execute((transaction) =>
        transaction
          .insertInto('trace_aside')
          .values(row)
          .onConflict((conflict) =>
            conflict.columns(['exchange', 'half']).doUpdateSet((set) => ({
              ...row,
              tries: set('trace_aside.tries', '+', 1),
            })),
          )
          .execute(),
      )
    },
    forgive: async (records) => {
      await db.transaction().execute(async (transaction) => {
        for (const { exchange, half } of records) {
          await transaction
            .deleteFrom('trace_aside')
            .where('exchange', '=', exchange)
            .where('half', '=', half)
            .execute()
        }
      })
    },
  }
}

function recordOf({
  byte_offset: offset,
  ...row
}: Selectable<TraceTables['trace_aside']>): AsideRecord {
  return { ...row, offset }
}
