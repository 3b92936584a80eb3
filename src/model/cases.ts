/** A case: the question of an investigation, who works on it, and everything they pinned, noted, searched and did. */

import type { ExchangeId } from '../lib/ids.ts'

export const CASE_STATUSES = ['open', 'contained', 'closed'] as const
export type CaseStatus = (typeof CASE_STATUSES)[number]

export const CASE_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const
export type CaseSeverity = (typeof CASE_SEVERITIES)[number]

/** Traffic Light Protocol 2.0 (FIRST): how far the case may be told. */
export const TLP_LABELS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const
export type TlpLabel = (typeof TLP_LABELS)[number]

/**
 * - `pin`: an exchange, or a place in it, that matters
 * - `note`, `task`, `link`: what people write
 * - `search`: what was asked; its `parent` is the search it came from, so that the way is kept as a tree
 * - `action`: what was done about it (a lock, a hold, a reveal, an export); `target` names it
 * - `change`: the case itself changed
 */
export const CASE_ENTRY_KINDS = [
  'pin',
  'note',
  'task',
  'link',
  'search',
  'action',
  'change',
] as const
export type CaseEntryKind = (typeof CASE_ENTRY_KINDS)[number]

export interface CaseRow {
  readonly id: string
  /** Counted from 1, for people to say. */
  readonly number: number
  readonly title: string
  readonly question: string
  readonly status: CaseStatus
  readonly severity: CaseSeverity
  readonly tlp: TlpLabel
  /** Only members see more than that it is there. */
  readonly sealed: boolean
  readonly createdBy: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly closedAtMs: number | null
  readonly version: number
}

export interface CaseMemberRow {
  readonly caseId: string
  readonly person: string
  readonly addedBy: string
  readonly addedAtMs: number
}

/** A place in a recorded exchange. */
export interface CaseSpan {
  readonly part: 'request' | 'answer'
  /** Index of a block of the request; null in an answer. */
  readonly block: number | null
  /** UTF-16 units of the text that the place is in. */
  readonly start: number
  readonly end: number
}

export interface CaseEntryRow {
  readonly id: string
  readonly caseId: string
  readonly kind: CaseEntryKind
  readonly atMs: number
  readonly person: string
  /** Entry that it answers or came from; null when none. */
  readonly parent: string | null
  /** Id of what it is about (an exchange, a lock …), or an address; empty when nothing. */
  readonly target: string
  readonly span: CaseSpan | null
  readonly text: string
  /** Of a task; null of others. */
  readonly task: { readonly assignee: string; readonly isDone: boolean } | null
  readonly editedAtMs: number | null
  /** What was taken back stays, and says so. */
  readonly removedAtMs: number | null
  readonly version: number
}

export interface CaseFilter {
  readonly status?: CaseStatus
  /** Only cases in which this exchange is pinned. */
  readonly exchange?: string
  /** Rows with an id strictly before this one: older cases. */
  readonly before?: string
  readonly limit: number
}

export interface CaseTable {
  /** Gives it the next number; the person who made it is its first member. */
  readonly insert: (row: Omit<CaseRow, 'number'>) => Promise<CaseRow>
  readonly byId: (id: string) => Promise<CaseRow | null>
  /** Newest first. */
  readonly list: (filter: CaseFilter) => Promise<readonly CaseRow[]>
  /** Writes where id and `version - 1` match. */
  readonly update: (row: CaseRow) => Promise<boolean>
  readonly members: (caseId: string) => Promise<readonly CaseMemberRow[]>
  /** False when they are one already. */
  readonly addMember: (row: CaseMemberRow) => Promise<boolean>
  /** The last member of a case stays. */
  readonly removeMember: (caseId: string, person: string) => Promise<'removed' | 'last' | 'none'>
  /** Ids of the cases that a person is a member of. */
  readonly casesOf: (person: string) => Promise<ReadonlySet<string>>
  /** Oldest first, also those taken back. */
  readonly entries: (caseId: string) => Promise<readonly CaseEntryRow[]>
  /** Exchanges that are pinned anywhere, the latest first. */
  readonly pins: (
    limit: number,
  ) => Promise<readonly { readonly caseId: string; readonly exchange: ExchangeId }[]>
  /** The cases in which any of these exchanges is pinned, or was: a pin that was taken back counts. */
  readonly everPinned: (
    exchanges: readonly ExchangeId[],
  ) => Promise<readonly { readonly caseId: string; readonly exchange: ExchangeId }[]>
  readonly insertEntry: (row: CaseEntryRow) => Promise<void>
  /** Writes text, task and removal where id and `version - 1` match. */
  readonly updateEntry: (row: CaseEntryRow) => Promise<boolean>
}
