/** Who opened the content of exchanges, by the audit trail. */
import type { ExchangeId } from '../../lib/ids.ts'
import type { AuditRow, AuditTable } from '../../model/control.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { Viewer } from './trace-result.ts'

/** What was revealed is read under the first of them. */
const OPERATIONS = ['content.reveal', 'content.read'] as const
const EVENTS_MAX = 5_000

export async function viewersOf(
  audit: AuditTable | null,
  rows: ReadonlyMap<ExchangeId, ExchangeRow>,
  sinceMs: number,
): Promise<readonly Viewer[]> {
  if (audit === null || rows.size === 0) return []
  const ids = new Set<string>(rows.keys())
  const viewers = new Map<string, AuditRow[]>()
  for (const operation of OPERATIONS) {
    const filter = { operation, outcome: 'allowed', sinceMs, limit: EVENTS_MAX } as const
    for (const event of await audit.list(filter)) {
      if (!ids.has(event.target)) continue
      viewers.set(event.person, [...(viewers.get(event.person) ?? []), event])
    }
  }
  return [...viewers]
    .map(([person, events]) => ({
      person,
      name: events[0]?.personName ?? '',
      exchanges: new Set(events.map(({ target }) => target)).size,
      revealed: events.some(({ operation }) => operation === 'content.reveal'),
      lastAtMs: events.reduce((most, { atMs }) => Math.max(most, atMs), 0),
    }))
    .sort((a, b) => Number(b.revealed) - Number(a.revealed) || b.exchanges - a.exchanges)
}
