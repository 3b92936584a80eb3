/** Which legal holds lie on exchanges, for whoever may know: one question for a page of rows. */
import type { Owner } from '../incident/exchange-desk.ts'
import type { HoldRow } from '../model/holds.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ApiParts } from './parts.ts'

export type Held = ReadonlyMap<string, readonly HoldRow[]>

/** Threat: whoever is told that their own exchanges are held knows that somebody looks into them. */
const NOT_HELD: Held = new Map()

export async function heldFor(
  parts: ApiParts,
  owner: Owner,
  rows: readonly ExchangeRow[],
): Promise<Held> {
  return owner === null ? parts.keeping.holds.on(rows) : NOT_HELD
}
