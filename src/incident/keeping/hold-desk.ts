/** Sets and releases legal holds, and says which of them lie on an exchange. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type { CaseTable } from '../../model/cases.ts'
import type { HoldRow, HoldScope, HoldTable } from '../../model/holds.ts'
import type { EvidenceEvent, ExchangeRow } from '../../model/record.ts'
import { matchesQuery } from '../matches-query.ts'

export interface Doer {
  readonly person: string
  readonly login: string
}

export type ReleaseOutcome = 'released' | 'not-found' | 'own' | 'released-before'

export interface HoldDesk {
  readonly set: (scope: HoldScope, reason: string, by: Doer) => Promise<HoldRow>
  /** Nobody releases a hold that they set. */
  readonly release: (id: string, reason: string, by: Doer) => Promise<ReleaseOutcome>
  readonly list: HoldTable['list']
  readonly byId: HoldTable['byId']
  /** The holds in force on each of these exchanges; those with none are left out. */
  readonly on: (rows: readonly ExchangeRow[]) => Promise<ReadonlyMap<string, readonly HoldRow[]>>
  /** In force, oldest first. */
  readonly active: HoldTable['active']
}

/** Asked at each look: a pin of another process a moment ago counts. */
export type PinLookup = CaseTable['everPinned']

export interface HoldDeskParts {
  readonly table: HoldTable
  readonly everPinned: PinLookup
  readonly clock: Clock
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Keeps a hold from being set in the middle of an erasure. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** What a hold covers when it is set, as far as a leaf has room: a verifier sees an erasure under it without any key. */
  readonly coveredNow: (scope: HoldScope) => Promise<readonly string[]>
}

/** A leaf names at most a thousand records, and the hold itself is one. */
export const COVERED_MAX = 999

export function createHoldDesk(parts: HoldDeskParts): HoldDesk {
  const { table, everPinned, clock, note, exclusively, coveredNow } = parts
  return {
    set: (scope, reason, by) =>
      exclusively(async () => {
        const atMs = clock.nowMs()
        const row: HoldRow = {
          id: newControlId('ho', atMs),
          scope,
          reason,
          setBy: by.person,
          setByName: by.login,
          setAtMs: atMs,
          releasedBy: null,
          releasedByName: null,
          releasedAtMs: null,
          releaseReason: null,
        }
        // In force first: a hold that evidence does not know yet is better than one that is only said to be there.
        await table.insert(row)
        const covered = await coveredNow(scope)
        await note(eventOf('hold.set', row, { atMs, actor: by.login, reason }, covered))
        return row
      }),
    release: async (id, reason, by) => {
      const row = await table.byId(id)
      if (row === null) return 'not-found'
      if (row.releasedAtMs !== null) return 'released-before'
      if (row.setBy === by.person) return 'own'
      const atMs = clock.nowMs()
      // Said first: a hold never ends unsaid.
      await note(eventOf('hold.released', row, { atMs, actor: by.login, reason }, []))
      const { person, login } = by
      const isReleased = await table.release(id, { by: person, byName: login, atMs, reason })
      return isReleased ? 'released' : 'released-before'
    },
    list: (page) => table.list(page),
    byId: (id) => table.byId(id),
    on: async (rows) => heldAmong(rows.length === 0 ? [] : await table.active(), rows, everPinned),
    active: () => table.active(),
  }
}

/** Which of these holds lie on which exchange; those with none are left out. */
export async function heldAmong(
  active: readonly HoldRow[],
  rows: readonly ExchangeRow[],
  everPinned: PinLookup,
): Promise<ReadonlyMap<string, readonly HoldRow[]>> {
  const found = new Map<string, readonly HoldRow[]>()
  if (active.length === 0) return found
  const isOnCase = active.some(({ scope }) => scope.kind === 'case')
  const pins = isOnCase ? await everPinned(rows.map(({ id }) => id)) : []
  const pinned = new Set(pins.map(({ caseId, exchange }) => `${caseId} ${exchange}`))
  const isPinned = (caseId: string, row: ExchangeRow): boolean => pinned.has(`${caseId} ${row.id}`)
  for (const row of rows) {
    const holds = active.filter(({ scope }) => covers(scope, row, isPinned))
    if (holds.length > 0) found.set(row.id, holds)
  }
  return found
}

function covers(
  scope: HoldScope,
  row: ExchangeRow,
  isPinned: (caseId: string, row: ExchangeRow) => boolean,
): boolean {
  switch (scope.kind) {
    case 'exchange':
      return scope.exchange === row.id
    case 'conversation':
      return scope.conversation === row.conversation
    case 'principal':
      return scope.principal === row.principal
    case 'case':
      // Threat: taking a pin back would set free what is held, and that takes a second person.
      return scope.exchanges.includes(row.id) || isPinned(scope.case, row)
    case 'query':
      return matchesQuery(row, scope.query)
  }
}

/** One line for people. */
export function scopeText(scope: HoldScope): string {
  switch (scope.kind) {
    case 'exchange':
      return `exchange ${scope.exchange}`
    case 'conversation':
      return `conversation ${scope.conversation}`
    case 'principal':
      return `everything of ${scope.principal}`
    case 'case':
      return `case ${scope.case}, ${scope.exchanges.length} exchanges`
    case 'query':
      return `what matches ${JSON.stringify(scope.query)}`
  }
}

/** Names of people stay out of the log: it holds ids of the hold and of exchanges only. */
function recordsOf({ id, scope }: HoldRow, covered: readonly string[]): readonly string[] {
  const named =
    scope.kind === 'exchange' ? [scope.exchange] : scope.kind === 'case' ? scope.exchanges : covered
  return [id, ...named.slice(0, COVERED_MAX)]
}

function eventOf(
  type: 'hold.set' | 'hold.released',
  row: HoldRow,
  said: { readonly atMs: number; readonly actor: string; readonly reason: string },
  covered: readonly string[],
): EvidenceEvent {
  const { atMs, actor, reason } = said
  const { id, scope } = row
  return {
    type,
    atMs,
    actor,
    details: { hold: id, kind: scope.kind, scope: scopeText(scope).slice(0, 2000), reason },
    records: recordsOf(row, covered),
  }
}
