/** A batch of index rows as SQLite takes them: plain values, encoded where the rows are, cheap to hand to another thread. */
import type { EventRow, IndexBatch } from '../exchange-index.ts'
import { latestRows } from '../latest-rows.ts'
import {
  encodeBlock,
  encodeExchange,
  encodeFinding,
  encodePosition,
  type StoredValue,
} from '../row-codec.ts'

type Values = readonly StoredValue[]

export interface EncodedBatch {
  /** Values in the order of EXCHANGE_COLUMNS, the id first; only the latest row of an exchange. */
  readonly exchanges: readonly Values[]
  readonly blocks: readonly Values[]
  /** In the order of FINDING_COLUMNS, the id of the exchange first. */
  readonly findings: readonly Values[]
  /** Few, and what follows from them depends on the moment of writing. */
  readonly events: readonly EventRow[]
  readonly position: Values
}

export function encodeBatch(batch: IndexBatch): EncodedBatch {
  return {
    exchanges: latestRows(batch.exchanges).map(encodeExchange),
    blocks: batch.blocks.map(encodeBlock),
    findings: batch.findings.map(encodeFinding),
    events: batch.events,
    position: encodePosition(batch.position),
  }
}

export function rowsOf({ exchanges, blocks, findings, events }: EncodedBatch): number {
  return exchanges.length + blocks.length + findings.length + events.length
}
