/** Legal holds: what must not be erased, who said so and why; one row for its whole life. */
import type { ExchangeQuery } from './exchange-query.ts'

export type HoldScope =
  | { readonly kind: 'exchange'; readonly exchange: string }
  | { readonly kind: 'conversation'; readonly conversation: string }
  /** Everything that this person, job or service sends, from any time. */
  | { readonly kind: 'principal'; readonly principal: string }
  /** These, and whatever is pinned in the case, then or later. */
  | { readonly kind: 'case'; readonly case: string; readonly exchanges: readonly string[] }
  | { readonly kind: 'query'; readonly query: ExchangeQuery }

/** It has no end date: it ends when another person releases it. */
export interface HoldRow {
  readonly id: string
  readonly scope: HoldScope
  readonly reason: string
  readonly setBy: string
  readonly setByName: string
  readonly setAtMs: number
  readonly releasedBy: string | null
  readonly releasedByName: string | null
  readonly releasedAtMs: number | null
  readonly releaseReason: string | null
}

export interface HoldRelease {
  readonly by: string
  readonly byName: string
  readonly atMs: number
  readonly reason: string
}

export interface HoldTable {
  readonly insert: (row: HoldRow) => Promise<void>
  readonly byId: (id: string) => Promise<HoldRow | null>
  /** In force, oldest first. */
  readonly active: () => Promise<readonly HoldRow[]>
  /** Newest first. */
  readonly list: (page: {
    readonly before?: string
    readonly limit: number
  }) => Promise<readonly HoldRow[]>
  /** False when it was released before, or was set by the same person. */
  readonly release: (id: string, release: HoldRelease) => Promise<boolean>
}
