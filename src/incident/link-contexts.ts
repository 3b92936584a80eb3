/** Says which exchange continues which, by what was said in them; and which are attempts of one request. */
import type { ExchangeRow } from '../model/record.ts'

/**
 * - `named`: the request names the answer it continues
 * - `context`: it holds the whole context of the other, and its answer
 * - `likely`: the same, and the other's answer could not be compared
 * - `unsure`: there are candidates, none of which can be told to be the one; no parent is named
 * - `none`: nothing continues here
 */
export type LinkMethod = 'named' | 'context' | 'likely' | 'unsure' | 'none'

export interface ContextLink {
  readonly parent: string | null
  readonly method: LinkMethod
  /** The first attempt of the same request; null for a first attempt. */
  readonly attemptOf: string | null
}

/** A client that tries again does so soon. */
const ATTEMPT_WITHIN_MS = 15 * 60_000

export function linkContexts(rows: readonly ExchangeRow[]): ReadonlyMap<string, ContextLink> {
  const ordered = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const byResponse = new Map<string, ExchangeRow>()
  const byEnd = new Map<string, ExchangeRow[]>()
  for (const row of ordered) {
    if (row.responseId !== null) byResponse.set(nameOf(row, row.responseId), row)
    if (row.contextEnd === null) continue
    const name = contextName(row, row.contextEnd)
    byEnd.set(name, [...(byEnd.get(name) ?? []), row])
  }
  return new Map(
    ordered.map((row) => {
      const named = byResponse.get(nameOf(row, row.previousResponse ?? ''))
      const link =
        named === undefined ? continued(row, byEnd) : { parent: named.id, method: 'named' as const }
      return [row.id, { ...link, attemptOf: attemptOf(row, byEnd) }]
    }),
  )
}

function nameOf(row: ExchangeRow, id: string): string {
  return `${row.upstream}\0${row.principal}\0${id}`
}

/** The same words of two callers are two conversations. */
function contextName(row: ExchangeRow, digest: string): string {
  return `${row.principal}\0${row.conversation ?? ''}\0${digest}`
}

function continued(
  row: ExchangeRow,
  byEnd: ReadonlyMap<string, readonly ExchangeRow[]>,
): Omit<ContextLink, 'attemptOf'> {
  if (row.contextParent === null) return { parent: null, method: 'none' }
  const candidates = (byEnd.get(contextName(row, row.contextParent)) ?? []).filter(
    (other) => other.id < row.id,
  )
  if (candidates.length === 0) return { parent: null, method: 'none' }
  const same = candidates.filter(
    ({ answerDigest }) => answerDigest !== null && answerDigest === row.contextAnswer,
  )
  const [only] = same
  if (only !== undefined && same.length === 1) return { parent: only.id, method: 'context' }
  const [single] = candidates
  // An answer that was masked, cut or compressed has no digest that the caller's copy could be compared with.
  if (same.length === 0 && candidates.length === 1 && single?.answerDigest === null)
    return { parent: single.id, method: 'likely' }
  return { parent: null, method: 'unsure' }
}

function attemptOf(
  row: ExchangeRow,
  byEnd: ReadonlyMap<string, readonly ExchangeRow[]>,
): string | null {
  if (row.contextEnd === null) return null
  const same = byEnd.get(contextName(row, row.contextEnd)) ?? []
  let first: string | null = null
  let before: ExchangeRow | null = null
  for (const other of same) {
    if (other.id >= row.id) break
    if (other.model !== row.model || other.surface !== row.surface) continue
    const follows =
      before !== null &&
      first !== null &&
      !wasAnswered(before) &&
      other.receivedAtMs - before.receivedAtMs <= ATTEMPT_WITHIN_MS
    if (!follows) first = other.id
    before = other
  }
  if (before === null || wasAnswered(before)) return null
  return row.receivedAtMs - before.receivedAtMs <= ATTEMPT_WITHIN_MS ? first : null
}

function wasAnswered({ state, status }: ExchangeRow): boolean {
  return state === 'complete' && status !== null && status < 400
}
