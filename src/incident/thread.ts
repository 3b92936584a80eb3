/** Puts the exchanges of a conversation in order, by the id its caller declared or by answers that continue answers. */
import type { ExchangeQuery, ExchangeSearch } from '../model/exchange-query.ts'
import type { ExchangeRow } from '../model/record.ts'

export interface Thread {
  readonly id: string | null
  readonly method: 'declared-id' | 'response-chain' | 'single'
  readonly by: string
  readonly truncated: boolean
  /** Oldest first. */
  readonly exchanges: readonly { readonly row: ExchangeRow; readonly parent: string | null }[]
}

const EXCHANGES_MAX = 500
const ROUNDS_MAX = 100

type Owner = ExchangeQuery['owner']

/** Null when nothing of it may be seen. */
export async function declaredThread(
  search: ExchangeSearch,
  conversation: string,
  owner: Owner,
): Promise<Thread | null> {
  const query = { conversation, values: {}, ...(owner === undefined ? {} : { owner }) }
  const rows = await search.list(query, { limit: EXCHANGES_MAX + 1 })
  const [newest] = rows
  if (newest === undefined) return null
  return {
    id: conversation,
    method: 'declared-id',
    by: newest.conversationBy ?? '',
    truncated: rows.length > EXCHANGES_MAX,
    exchanges: withParents(rows.slice(0, EXCHANGES_MAX)),
  }
}

export async function threadOf(
  search: ExchangeSearch,
  row: ExchangeRow,
  isVisible: (row: ExchangeRow) => boolean,
  owner: Owner,
): Promise<Thread> {
  const declared =
    row.conversation === null ? null : await declaredThread(search, row.conversation, owner)
  if (declared !== null) return declared
  const { rows, truncated } = await chain(search, row, isVisible)
  const isSingle = rows.length === 1
  return {
    id: null,
    method: isSingle ? 'single' : 'response-chain',
    by: isSingle ? '' : 'body previous_response_id',
    truncated,
    exchanges: withParents(rows),
  }
}

/**
 * Response ids are the provider's: only those of one upstream and one principal are taken for the same, because a
 * caller can name any id as the one before.
 */
async function chain(
  search: ExchangeSearch,
  start: ExchangeRow,
  isVisible: (row: ExchangeRow) => boolean,
): Promise<{ readonly rows: readonly ExchangeRow[]; readonly truncated: boolean }> {
  const found = new Map<string, ExchangeRow>([[start.id, start]])
  const asked = new Set<string>()
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const ids = [...found.values()]
      .flatMap((row) => [row.responseId ?? '', row.previousResponse ?? ''])
      .filter((id) => id !== '' && !asked.has(id))
    if (ids.length === 0) return { rows: [...found.values()], truncated: false }
    for (const id of ids) asked.add(id)
    const { answeredAs, continuing } = await search.byResponse(ids)
    for (const row of [...answeredAs, ...continuing]) {
      const isSame = row.upstream === start.upstream && row.principal === start.principal
      if (isSame && isVisible(row)) found.set(row.id, row)
    }
    if (found.size > EXCHANGES_MAX) break
  }
  return { rows: [...found.values()].slice(0, EXCHANGES_MAX), truncated: true }
}

function withParents(rows: readonly ExchangeRow[]): Thread['exchanges'] {
  const byResponse = new Map(
    rows.flatMap((row) => (row.responseId === null ? [] : [[row.responseId, row.id] as const])),
  )
  return rows
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((row) => ({ row, parent: byResponse.get(row.previousResponse ?? '') ?? null }))
}
