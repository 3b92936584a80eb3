/** The exchange index as evidence and the readers see it: derived from segments, asked by people. */
import type { ExchangeId, InstanceId } from '../lib/ids.ts'
import type { FindingRow } from '../model/masking.ts'
import type {
  BlockRow,
  EventType,
  EvidenceEvent,
  ExchangeRow,
  ExchangeState,
} from '../model/record.ts'
import type { ErasureIndex } from './erasure-index.ts'

/** Up to where the segments of one instance have been indexed: everything before `offset` in `segment`. */
export interface IndexPosition {
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
}

export interface EventRow {
  readonly id: string
  readonly event: EvidenceEvent
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
}

/** What one group of frames means for the index. Applying it twice gives the same index (upserts by id). */
export interface IndexBatch {
  /** Whole rows; the later state of an exchange replaces the earlier one, never the other way round. */
  readonly exchanges: readonly ExchangeRow[]
  readonly blocks: readonly BlockRow[]
  readonly events: readonly EventRow[]
  /** Each is written once for its exchange, direction, entity, rule, operator and fingerprint. */
  readonly findings: readonly FindingRow[]
  readonly position: IndexPosition
}

export interface ExchangeFilter {
  readonly sinceMs?: number
  readonly untilMs?: number
  readonly principal?: string
  readonly service?: string
  readonly keyId?: string
  /** Exact, or a prefix when it ends in `*`. */
  readonly model?: string
  readonly upstream?: string
  readonly status?: number
  readonly state?: ExchangeState
  /** Newest first; rows strictly older than this id, for paging. */
  readonly before?: ExchangeId
  readonly limit: number
}

export interface ExchangeIndex {
  readonly apply: (batch: IndexBatch) => Promise<void>
  readonly positions: () => Promise<readonly IndexPosition[]>
  readonly exchange: (id: ExchangeId) => Promise<ExchangeRow | null>
  /** Newest first. */
  readonly list: (filter: ExchangeFilter) => Promise<readonly ExchangeRow[]>
  /** Exchanges in state `open` of one instance. */
  readonly openExchanges: (instance: InstanceId) => Promise<readonly ExchangeRow[]>
  /** Those of `ids` that are stored in this retention class, by this instance. Order is not kept. */
  readonly findBlocks: (
    ids: readonly string[],
    retentionClass: string,
    instance: InstanceId | null,
  ) => Promise<readonly BlockRow[]>
  /** Blocks whose id begins so; a block may be stored once for each retention class and instance. */
  readonly blocksLike: (prefix: string) => Promise<readonly BlockRow[]>
  /** In no order; those that are not there are left out. */
  readonly exchanges: (ids: readonly ExchangeId[]) => Promise<readonly ExchangeRow[]>
  readonly events: (limit: number) => Promise<readonly EventRow[]>
  /** Those that stand behind a place in the segments of these instances, in the order in which they were written. */
  readonly eventsAfter: (
    instances: readonly InstanceId[],
    place: { readonly instance: string; readonly segment: number; readonly offset: number },
    limit: number,
  ) => Promise<readonly EventRow[]>
  /** Events that speak of this record, oldest first. */
  readonly eventsOf: (record: string, limit: number) => Promise<readonly EventRow[]>
  /** All of these types, oldest first; for kinds that are few. Those of one moment are in the order in which they were written. */
  readonly eventsOfTypes: (types: readonly EventType[]) => Promise<readonly EventRow[]>
  /** Steps of rotations, newest first. */
  readonly keyringEvents: (limit: number) => Promise<readonly EventRow[]>
  readonly erasure: ErasureIndex
  /** Empties the index before a rebuild. */
  readonly clear: () => Promise<void>
}
