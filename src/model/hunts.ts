/** Hunts: a text, a pattern or a detector rule that is looked for in everything recorded, as a job of its own. */
import type { ExchangeId } from '../lib/ids.ts'
import type { ExchangeQuery } from './exchange-query.ts'

/**
 * - `text`, `pattern`: looked for in every text, kept nowhere
 * - `rule`: a detector rule, looked for in the same way; no secret, and kept
 * - `policy`: a policy rule that recorded exchanges are put before; kept
 */
export const HUNT_KINDS = ['text', 'pattern', 'rule', 'policy'] as const
export type HuntKind = (typeof HUNT_KINDS)[number]

export const isKept = (kind: HuntKind): boolean => kind === 'rule' || kind === 'policy'

/**
 * - `running`: some worker is at it, or was when it ended
 * - `done`: everything was looked into
 * - `full`: more was found than is kept
 */
export const HUNT_STATES = ['running', 'done', 'cancelled', 'full', 'failed'] as const
export type HuntState = (typeof HUNT_STATES)[number]

export interface HuntCount {
  readonly value: string
  readonly count: number
}

export interface HuntSample {
  readonly exchange: string
  readonly atMs: number
  readonly direction: 'sent' | 'received'
  readonly treatment: 'raw' | 'masked' | 'stopped' | 'unknown'
  readonly principal: string
  readonly service: string
  readonly model: string
  readonly matches: number
  /** Masked, the match as its shape; empty once the gateway that read it is gone. */
  readonly excerpt: string
}

export interface HuntSummary {
  /** Of the scope. */
  readonly exchanges: number
  readonly services: readonly HuntCount[]
  readonly principals: readonly HuntCount[]
  readonly days: readonly HuntCount[]
  readonly samples: readonly HuntSample[]
}

/** Where something was found; no text. */
export interface HuntHit {
  readonly place: 'block' | 'answer' | 'upload' | 'finding'
  readonly id: string
  readonly bytes: number
  readonly spans: readonly { readonly start: number; readonly end: number }[]
}

export interface HuntRow {
  readonly id: string
  readonly kind: HuntKind
  /** What people call it. */
  readonly title: string
  /** Keyed: tells whether a text is the one that was searched for, and nothing else of it. */
  readonly digest: string
  /** Of rules their YAML; of others empty. */
  readonly source: string
  /** The scope as it was written, and as the index reads it. */
  readonly scope: string
  readonly query: ExchangeQuery
  readonly person: string
  readonly personName: string
  readonly state: HuntState
  readonly createdAtMs: number
  /** While it runs it is written every few seconds. */
  readonly updatedAtMs: number
  /** How far it is: of the record, or exchanges where a policy rule judges them. */
  readonly bytes: number
  readonly bytesTotal: number
  /** Where to go on; empty at the beginning and the end. */
  readonly place: string
  readonly hits: readonly HuntHit[]
  readonly summary: HuntSummary
}

export interface HuntTable {
  readonly insert: (row: HuntRow) => Promise<void>
  readonly byId: (id: string) => Promise<HuntRow | null>
  /** Newest first. */
  readonly list: (limit: number) => Promise<readonly HuntRow[]>
  readonly update: (row: HuntRow) => Promise<void>
  /** Takes the samples from these exchanges, and what was found in their own bodies, out of every hunt. */
  readonly forget: (exchanges: readonly ExchangeId[]) => Promise<void>
}

export const NOTHING_FOUND: HuntSummary = {
  exchanges: 0,
  services: [],
  principals: [],
  days: [],
  samples: [],
}
