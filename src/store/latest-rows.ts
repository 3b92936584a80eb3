/** Leaves one row per exchange in a batch: the one that `apply` would leave in the index. */
import type { ExchangeRow } from '../model/record.ts'

/** A short exchange opens and closes within one batch; writing it once halves the work. */
export function latestRows(rows: readonly ExchangeRow[]): readonly ExchangeRow[] {
  const latest = new Map<string, ExchangeRow>()
  for (const row of rows) {
    const known = latest.get(row.id)
    if (known === undefined || isLater(row, known)) latest.set(row.id, row)
  }
  return latest.size === rows.length ? rows : [...latest.values()]
}

function isLater(a: ExchangeRow, b: ExchangeRow): boolean {
  if ((a.state === 'open') !== (b.state === 'open')) return b.state === 'open'
  const segments = (a.closeSegment ?? -1) - (b.closeSegment ?? -1)
  return segments === 0 ? (a.closeOffset ?? -1) > (b.closeOffset ?? -1) : segments > 0
}
