/** What a legal hold covers: which exchanges, and in one line for people. */
import type { CaseTable } from '../../model/cases.ts'
import type { HoldRow, HoldScope } from '../../model/holds.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { matchesQuery } from '../matches-query.ts'

/** Asked at each look: a pin of another process a moment ago counts. */
export type PinLookup = CaseTable['everPinned']

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
