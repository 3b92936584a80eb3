/** Finds the reveal under which a person may see an exchange unmasked at this moment. */
import type { RevealRow, RevealTable } from '../model/control.ts'
import type { ExchangeRow } from '../model/record.ts'
import { matchesQuery } from './matches-query.ts'

const ACTIVE_MAX = 200

export async function revealFor(
  table: RevealTable,
  person: string,
  row: ExchangeRow,
  nowMs: number,
): Promise<RevealRow | null> {
  const active = await table.list({ person, activeAtMs: nowMs, limit: ACTIVE_MAX })
  return active.find(({ scope }) => covers(scope, row)) ?? null
}

function covers(scope: RevealRow['scope'], row: ExchangeRow): boolean {
  return scope.kind === 'exchange' ? scope.exchangeId === row.id : matchesQuery(row, scope.query)
}
