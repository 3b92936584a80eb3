/** Puts the exchanges of a conversation in order, by the id its caller declared or by answers that continue answers. */
import type { ContextLink } from './link-contexts.ts'
import { linkContexts } from './link-contexts.ts'
import type { ExchangeQuery, ExchangeSearch } from '../model/exchange-query.ts'
import type { ExchangeRow } from '../model/record.ts'

export interface Thread {
  readonly id: string | null
  readonly method: 'declared-id' | 'response-chain' | 'context' | 'single'
  readonly by: string
  readonly truncated: boolean
  /** Oldest first. */
  readonly exchanges: readonly ({ readonly row: ExchangeRow } & ContextLink)[]
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
  const exchanges = withParents(rows)
  const byName = exchanges.some(({ method }) => method === 'named')
  return {
    id: null,
    ...(rows.length === 1
      ? { method: 'single', by: '' }
      : byName
        ? { method: 'response-chain', by: 'body previous_response_id' }
        : { method: 'context', by: 'what was said before' }),
    truncated,
    exchanges,
  }
}

/**
 * Response ids are the provider's, and words are anybody's: only what one principal sent belongs together, and of
 * response ids those of one upstream.
 */
async function chain(
  search: ExchangeSearch,
  start: ExchangeRow,
  isVisible: (row: ExchangeRow) => boolean,
): Promise<{ readonly rows: readonly ExchangeRow[]; readonly truncated: boolean }> {
  const found = new Map<string, ExchangeRow>([[start.id, start]])
  const asked = new Set<string>()
  const fresh = (pick: (row: ExchangeRow) => readonly (string | null)[]): string[] => {
    const values = [...found.values()].flatMap((row) => pick(row).flatMap((one) => one ?? []))
    const unasked = [...new Set(values)].filter((one) => one !== '' && !asked.has(one))
    for (const one of unasked) asked.add(one)
    return unasked
  }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const ids = fresh((row) => [row.responseId, row.previousResponse])
    const digests = fresh((row) => [row.contextEnd, row.contextParent])
    if (ids.length === 0 && digests.length === 0)
      return { rows: linked([...found.values()], start), truncated: false }
    const { answeredAs, continuing } = await search.byResponse(ids)
    for (const row of [...answeredAs, ...continuing])
      if (row.upstream === start.upstream && isSame(row, start) && isVisible(row))
        found.set(row.id, row)
    const contexts = await search.byContext(digests)
    for (const row of [...contexts.ending, ...contexts.continuing])
      if (row.conversation === null && isSame(row, start) && isVisible(row)) found.set(row.id, row)
    if (found.size > EXCHANGES_MAX) break
  }
  return { rows: linked([...found.values()], start).slice(0, EXCHANGES_MAX), truncated: true }
}

function isSame(row: ExchangeRow, start: ExchangeRow): boolean {
  return row.principal === start.principal && row.keyId === start.keyId
}

/** Of all that share words with it, what hangs together with `start`. */
function linked(rows: readonly ExchangeRow[], start: ExchangeRow): readonly ExchangeRow[] {
  const links = linkContexts(rows)
  const neighbours = new Map<string, string[]>()
  const join = (one: string, other: string): void => {
    neighbours.set(one, [...(neighbours.get(one) ?? []), other])
    neighbours.set(other, [...(neighbours.get(other) ?? []), one])
  }
  for (const [id, { parent, attemptOf }] of links) {
    if (parent !== null) join(id, parent)
    if (attemptOf !== null) join(id, attemptOf)
  }
  const reached = new Set<string>([start.id])
  for (const id of reached) for (const next of neighbours.get(id) ?? []) reached.add(next)
  return rows.filter(({ id }) => reached.has(id))
}

function withParents(rows: readonly ExchangeRow[]): Thread['exchanges'] {
  const links = linkContexts(rows)
  return rows
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((row) => ({ row, ...(links.get(row.id) ?? NO_LINK) }))
}

const NO_LINK: ContextLink = { parent: null, method: 'none', attemptOf: null }
