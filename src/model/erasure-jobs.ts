/** Erasures of a value: everything recorded is read for it, which takes long, so they run on their own. */
import type { ExchangeId } from '../lib/ids.ts'

/**
 * - `searching`: reads what is recorded; nothing is erased yet
 * - `erasing`: everything was read, and nothing stands in the way
 * - `refused`: something stands in the way, and nothing was erased
 */
export const ERASURE_JOB_STATES = [
  'searching',
  'erasing',
  'done',
  'refused',
  'cancelled',
  'failed',
] as const
export type ErasureJobState = (typeof ERASURE_JOB_STATES)[number]

/** Why an exchange is not erased. */
export const REFUSAL_REASONS = [
  'not-found',
  'open',
  'elsewhere',
  'erased',
  'held',
  'minimum',
] as const

export interface JobRefusal {
  readonly exchange: ExchangeId
  readonly why: (typeof REFUSAL_REASONS)[number]
  readonly detail: string
}

export interface ErasureJobRow {
  readonly id: string
  /** Keyed: tells whether a text is the one that is erased, and nothing else of it. The text is kept nowhere. */
  readonly digest: string
  readonly reason: string
  readonly person: string
  readonly personName: string
  readonly despiteMinimum: boolean
  /** Only says what would be erased. */
  readonly dryRun: boolean
  readonly state: ErasureJobState
  readonly createdAtMs: number
  /** While it runs it is written every few seconds. */
  readonly updatedAtMs: number
  /** What was recorded later is not looked into. */
  readonly untilMs: number
  /** The last exchange before which everything was read; empty at the beginning. */
  readonly place: string
  readonly total: number
  readonly searched: number
  /** Could not be read, so nobody knows whether the value is in them. */
  readonly unreadable: number
  readonly found: readonly ExchangeId[]
  readonly erased: number
  readonly erasures: readonly string[]
  /** The first of them. */
  readonly refusals: readonly JobRefusal[]
  readonly refused: number
}

export interface ErasureJobTable {
  readonly insert: (row: ErasureJobRow) => Promise<void>
  readonly byId: (id: string) => Promise<ErasureJobRow | null>
  /** Newest first. */
  readonly list: (limit: number) => Promise<readonly ErasureJobRow[]>
  readonly update: (row: ErasureJobRow) => Promise<void>
}
