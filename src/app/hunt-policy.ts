/** Puts recorded exchanges before one policy rule, newest first, page by page: what it would have caught. */
import type { EvidenceReader } from '../evidence/reader.ts'
import { depthFor, factsOfRow } from '../incident/backtest.ts'
import type { HuntNews, HuntOrder } from '../incident/hunt/hunt-desk.ts'
import { addedTo } from '../incident/hunt/hunt-summary.ts'
import { systemClock } from '../lib/clock.ts'
import { isExchangeId } from '../lib/ids.ts'
import type { FindingRow } from '../model/masking.ts'
import type { ExchangeRow } from '../model/record.ts'
import { evaluate } from '../policy/evaluate.ts'
import type { PolicyFacts } from '../policy/facts.ts'
import type { Policy } from '../policy/policy.ts'
import { sightPlan } from '../policy/sight-plan.ts'
import type { Store } from '../store/store.ts'
import { createRecordedLook } from './recorded-facts.ts'

export interface PolicyHuntParts {
  readonly store: Store
  readonly reader: EvidenceReader
  /** Fingerprints of what is found again are made with it. */
  readonly master: Buffer
  readonly isCancelled: () => boolean
  readonly tell: (news: HuntNews) => void
}

const PAGE = 200
const TELL_EVERY_MS = 1_000

export async function huntPolicy(
  policy: Policy,
  order: HuntOrder,
  parts: PolicyHuntParts,
): Promise<void> {
  const { store, isCancelled, tell } = parts
  const plan = sightPlan(null, policy)
  const isText = depthFor(policy) === 'text'
  await using look = createRecordedLook(
    isText && plan.kind === 'plan' ? plan.plan : null,
    parts.master,
  )
  const { total } = await store.search.facets(order.query, 1)
  let { bytes: done, place, summary } = order
  let toldMs = systemClock.monotonicMs()
  const news = (state: HuntNews['state']): HuntNews => ({
    bytes: done,
    bytesTotal: Math.max(done, total),
    place,
    hits: [],
    summary,
    state,
  })
  for (;;) {
    const rows = await store.search.list(order.query, {
      limit: PAGE,
      ...(isExchangeId(place) ? { before: place } : {}),
    })
    const findings = await findingsOf(store, rows)
    for (const row of rows) {
      if (isCancelled()) return tell(news('cancelled'))
      const facts = await factsOf(policy, row, findings.get(row.id) ?? [], parts.reader, look)
      const hits = facts === null ? [] : evaluate(policy, facts).hits
      if (hits.length > 0) summary = addedTo(summary, row, hits[0]?.findings.length ?? 0)
      done += 1
      place = row.id
      if (systemClock.monotonicMs() - toldMs > TELL_EVERY_MS) {
        tell(news('running'))
        toldMs = systemClock.monotonicMs()
      }
    }
    if (rows.length < PAGE) break
  }
  place = ''
  tell(news('done'))
}

async function findingsOf(
  store: Store,
  rows: readonly ExchangeRow[],
): Promise<ReadonlyMap<string, readonly FindingRow[]>> {
  const ids = rows.filter(({ findingsIn }) => findingsIn.includes('request')).map(({ id }) => id)
  const found = await store.search.findingsOf(ids)
  return Map.groupBy(
    found.filter(({ direction }) => direction === 'request'),
    ({ exchange }) => exchange,
  )
}

/** Null for what was no call of a model, and where the record cannot be read. */
async function factsOf(
  policy: Policy,
  row: ExchangeRow,
  findings: readonly FindingRow[],
  reader: EvidenceReader,
  look: ReturnType<typeof createRecordedLook>,
): Promise<PolicyFacts | null> {
  if (row.surface === '') return null
  if (depthFor(policy) === 'index') return factsOfRow(row, findings)
  try {
    return await look.facts(await reader.readRow(row))
  } catch {
    // Erased or damaged.
    return null
  }
}
