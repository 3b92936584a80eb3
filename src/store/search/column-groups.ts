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

/** The items of the stored lists of a column, each under a number. */
interface ListItems {
  readonly items: string[]
  readonly codes: Map<string, number>
  /** Of each list. */
  readonly ofList: (readonly number[])[]
}

/** By the texts of a dictionary, which only grow. */
const known = new WeakMap<readonly string[], ListItems>()
const NOTHING: readonly number[] = []

function itemsOf(lists: readonly string[]): ListItems {
  const all: ListItems = known.get(lists) ?? { items: [], codes: new Map(), ofList: [] }
  known.set(lists, all)
  for (let list = all.ofList.length; list < lists.length; list += 1) {
    const text = lists[list] ?? ''
    all.ofList.push(text === '' ? NOTHING : listItems(text).map((item) => codeOf(all, item)))
  }
  return all
}

function codeOf({ items, codes }: ListItems, item: string): number {
  const code = codes.get(item) ?? items.length
  if (code === items.length) {
    items.push(item)
    codes.set(item, code)
  }
  return code
}

/** Rows are counted first, and what few are shown is looked at a second time. */
export function fingerprintsOf(
  table: ColumnTable,
  query: ExchangeQuery,
  limit: number,
): readonly CountedFingerprint[] {
  const listOf = table.codesOf('fingerprint')
  const { items, ofList } = itemsOf(table.textsOf('fingerprint'))
  const counts = new Uint32Array(items.length)
  const first = new Float64Array(items.length)
  const last = new Float64Array(items.length)
  /** With findings; the second look needs no other. */
  const rows: number[] = []
  table.scan(query, (row) => {
    const held = ofList[listOf(row)] ?? NOTHING
    if (held.length === 0) return
    rows.push(row)
    const atMs = table.numberAt('receivedAtMs', row)
    for (const item of held) {
      const before = counts[item] ?? 0
      counts[item] = before + 1
      if (before === 0 || atMs < (first[item] ?? 0)) first[item] = atMs
      if (before === 0 || atMs > (last[item] ?? 0)) last[item] = atMs
    }
  })
  const top = mostCounted(counts, limit, (item) => items[item] ?? '')
  const holders = new Map(top.map((item) => [item, new Holders()]))
  const principalOf = table.codesOf('principal')
  for (const row of rows) {
    for (const item of ofList[listOf(row)] ?? NOTHING) {
      holders.get(item)?.add(principalOf(row), table.conversationAt(row))
    }
  }
  return top.map((item) => ({
    digits: items[item] ?? '',
    exchanges: counts[item] ?? 0,
    firstAtMs: first[item] ?? 0,
    lastAtMs: last[item] ?? 0,
    conversations: holders.get(item)?.conversations.size ?? 0,
    principals: holders.get(item)?.principals.size ?? 0,
  }))
}

class Holders {
  readonly conversations = new Set<number>()
  readonly principals = new Set<number>()

  add(principal: number, conversation: number): void {
    this.principals.add(principal)
    if (!Number.isNaN(conversation)) this.conversations.add(conversation)
  }
}

/** Most first, then in the order of their texts. */
function mostCounted(
  counts: Uint32Array,
  limit: number,
  textOf: (item: number) => string,
): readonly number[] {
  const all: number[] = []
  for (let item = 0; item < counts.length; item += 1) if ((counts[item] ?? 0) > 0) all.push(item)
  return all
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || (textOf(a) < textOf(b) ? -1 : 1))
    .slice(0, limit)
}
