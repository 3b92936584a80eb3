/** What the columns in memory say of many rows at once: the span of a query, and its findings by fingerprint. */
import type { ExchangeQuery, ExchangeSpan } from '../../model/exchange-query.ts'
import { listItems } from '../row-codec.ts'
import type { ColumnTable } from './column-table.ts'

export function spanOf(table: ColumnTable, query: ExchangeQuery): ExchangeSpan {
  let exchanges = 0
  let firstAtMs = Number.POSITIVE_INFINITY
  let lastAtMs = Number.NEGATIVE_INFINITY
  let inputTokens = 0
  let outputTokens = 0
  table.scan(query, (row) => {
    const atMs = table.numberAt('receivedAtMs', row)
    exchanges += 1
    if (atMs < firstAtMs) firstAtMs = atMs
    if (atMs > lastAtMs) lastAtMs = atMs
    inputTokens += table.numberAt('inputTokens', row) || 0
    outputTokens += table.numberAt('outputTokens', row) || 0
  })
  return exchanges === 0
    ? { exchanges, firstAtMs: null, lastAtMs: null, inputTokens, outputTokens }
    : { exchanges, firstAtMs, lastAtMs, inputTokens, outputTokens }
}

export interface CountedFingerprint {
  /** As far as rows have it. */
  readonly digits: string
  readonly exchanges: number
  readonly conversations: number
  readonly principals: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

interface Counted {
  exchanges: number
  firstAtMs: number
  lastAtMs: number
}

/** Rows that hold the same findings share one stored list, so what is counted first are lists. */
export function fingerprintsOf(
  table: ColumnTable,
  query: ExchangeQuery,
  limit: number,
): readonly CountedFingerprint[] {
  const codeOf = table.codesOf('fingerprint')
  const lists = table.textsOf('fingerprint')
  const byList = new Map<number, Counted>()
  table.scan(query, (row) => {
    const code = codeOf(row)
    if (lists[code] !== '') count(byList, code, table.numberAt('receivedAtMs', row), 1)
  })
  const byDigits = new Map<string, Counted>()
  for (const [code, counted] of byList) {
    for (const digits of listItems(lists[code] ?? '')) merge(byDigits, digits, counted)
  }
  const top = [...byDigits]
    .toSorted(([a, one], [b, other]) => other.exchanges - one.exchanges || (a < b ? -1 : 1))
    .slice(0, limit)
  const others = whoHolds(table, query, new Set(top.map(([digits]) => digits)))
  return top.map(([digits, counted]) => ({
    digits,
    ...counted,
    conversations: others.get(digits)?.conversations.size ?? 0,
    principals: others.get(digits)?.principals.size ?? 0,
  }))
}

interface Holders {
  readonly conversations: Set<number>
  readonly principals: Set<number>
}

/** Only of the few that are shown: sets of everything would be as large as the table. */
function whoHolds(
  table: ColumnTable,
  query: ExchangeQuery,
  shown: ReadonlySet<string>,
): ReadonlyMap<string, Holders> {
  const holders = new Map<string, Holders>()
  for (const digits of shown) {
    holders.set(digits, { conversations: new Set(), principals: new Set() })
  }
  const lists = table.textsOf('fingerprint')
  const ofList = lists.map((list) =>
    list === '' ? [] : listItems(list).flatMap((digits) => holders.get(digits) ?? []),
  )
  const codeOf = table.codesOf('fingerprint')
  const principalOf = table.codesOf('principal')
  table.scan(query, (row) => {
    const all = ofList[codeOf(row)]
    if (all === undefined || all.length === 0) return
    const conversation = table.conversationAt(row)
    for (const { conversations, principals } of all) {
      principals.add(principalOf(row))
      if (!Number.isNaN(conversation)) conversations.add(conversation)
    }
  })
  return holders
}

function count<Key>(into: Map<Key, Counted>, key: Key, atMs: number, exchanges: number): void {
  merge(into, key, { exchanges, firstAtMs: atMs, lastAtMs: atMs })
}

function merge<Key>(into: Map<Key, Counted>, key: Key, more: Counted): void {
  const known = into.get(key)
  if (known === undefined) into.set(key, { ...more })
  else {
    known.exchanges += more.exchanges
    known.firstAtMs = Math.min(known.firstAtMs, more.firstAtMs)
    known.lastAtMs = Math.max(known.lastAtMs, more.lastAtMs)
  }
}
