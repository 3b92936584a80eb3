/** Erasure on request: finds what a request means, refuses what is held or must still be kept, erases, and proves it. */
import { setImmediate } from 'node:timers/promises'
import {
  ERASURE_EXCHANGES_MAX,
  type Eraser,
  type ErasureReceipt,
  type ErasureRefusal,
} from '../../evidence/erasure/eraser.ts'
import type { ProofDesk } from '../../evidence/proof-desk.ts'
import type { Clock } from '../../lib/clock.ts'
import { isExchangeId, newControlId, type ExchangeId } from '../../lib/ids.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import { createValueSearch, type ValueSearchParts } from './value-search.ts'
import type { Doer, HoldDesk } from './hold-desk.ts'
import { scopeText } from './hold-scope.ts'
import { DAY_MS, heldAmong, type RetentionRule } from './retention.ts'

export type ErasureScope =
  | { readonly kind: 'exchange'; readonly exchanges: readonly string[] }
  /** Everything that this person, job or service sent. */
  | { readonly kind: 'principal'; readonly principal: string }
  /** Every exchange in which this text stands. It is kept nowhere. */
  | { readonly kind: 'value'; readonly value: string }

/** A larger request is made in parts, so that somebody sees what goes. */
const REQUEST_EXCHANGES_MAX = 1_000
const PAGE = 200

export interface ErasurePreview {
  readonly exchanges: readonly ExchangeId[]
  readonly refusals: readonly ErasureRefusal[]
  /** More than can be erased at once. */
  readonly truncated: boolean
  /** Exchanges that were read for a value; 0 otherwise. */
  readonly searched: number
  /** Could not be read, so nobody knows whether the value is in them. */
  readonly unreadable: number
}

/** Proves one announcement of the request. */
export interface ErasureProof extends ErasureReceipt {
  readonly leafIndex: number | null
  /** Base64. */
  readonly leaf: string | null
  /** A `.tlog-proof` file. */
  readonly proof: string | null
  /** Events that an older version wrote, and that still say who sent these: what they prove would go with the name. */
  readonly naming: readonly string[]
}

export type RequestOutcome =
  | { readonly kind: 'refused'; readonly preview: ErasurePreview }
  | {
      readonly kind: 'erased'
      readonly request: string
      readonly erasures: readonly ErasureProof[]
      /** Refused after others of the same request had been erased: a hold came in between. */
      readonly refusals: readonly ErasureRefusal[]
      readonly logKeys: readonly string[]
    }

export interface ErasureDeskParts extends ValueSearchParts {
  readonly clock: Clock
  readonly index: ExchangeIndex
  readonly search: ExchangeSearch
  readonly eraser: Eraser
  readonly holds: HoldDesk
  readonly rules: () => readonly RetentionRule[]
  readonly openProofs: () => Promise<ProofDesk>
}

export interface ErasureRequest {
  readonly scope: ErasureScope
  readonly reason: string
  readonly by: Doer
  /** The minimum of the retention class does not stand in the way. */
  readonly despiteMinimum: boolean
}

export type ErasureDesk = ReturnType<typeof createErasureDesk>

export function createErasureDesk(parts: ErasureDeskParts) {
  return {
    preview: (scope: ErasureScope, despiteMinimum: boolean): Promise<ErasurePreview> =>
      preview(parts, scope, despiteMinimum),
    erase: (request: ErasureRequest): Promise<RequestOutcome> => erase(parts, request),
    /** What stands in the way of erasing these; those that were erased before are left out by the caller. */
    examine: (exchanges: readonly ExchangeId[], despiteMinimum: boolean): Promise<ErasurePreview> =>
      preview(parts, { kind: 'exchange', exchanges }, despiteMinimum),
    eraseSome: (exchanges: readonly ExchangeId[], order: PartOrder): Promise<PartOutcome> =>
      eraseSome(parts, exchanges, order),
    tombstone: (id: ExchangeId) => parts.index.erasure.tombstone(id),
    tombstones: parts.index.erasure.tombstones,
    countErased: parts.index.erasure.countErased,
    /** The proofs of an erasure that was made before; empty when there is none of this id. */
    receipt: (erasure: string) => receiptOf(parts, erasure),
  }
}

async function preview(
  parts: ErasureDeskParts,
  scope: ErasureScope,
  despiteMinimum: boolean,
): Promise<ErasurePreview> {
  const found = await rowsOf(parts, scope)
  const { rows } = found
  const held = await parts.holds.keeping(rows)
  const refusals: ErasureRefusal[] = [...found.refusals]
  for (const row of rows) {
    const on = held.get(row.id) ?? []
    if (on.length > 0) {
      const why = on.map(({ id, scope: held, reason }) => `${id} on ${scopeText(held)}: ${reason}`)
      refusals.push({ exchange: row.id, why: 'held', detail: `legal hold ${why.join('; ')}` })
      continue
    }
    const minimum = despiteMinimum ? null : minimumOf(parts, row)
    if (minimum !== null) refusals.push({ exchange: row.id, why: 'minimum', detail: minimum })
    else if (row.state === 'open')
      refusals.push({ exchange: row.id, why: 'open', detail: 'it has not ended yet' })
  }
  const refused = new Set(refusals.map(({ exchange }) => exchange))
  return {
    exchanges: rows.map(({ id }) => id).filter((id) => !refused.has(id)),
    refusals,
    truncated: found.truncated,
    searched: found.searched,
    unreadable: found.unreadable,
  }
}

function minimumOf({ rules, clock }: ErasureDeskParts, row: ExchangeRow): string | null {
  const rule = rules().find(({ name }) => name === row.retentionClass)
  const untilMs = row.receivedAtMs + (rule?.minDays ?? 0) * DAY_MS
  if (untilMs <= clock.nowMs()) return null
  const until = new Date(untilMs).toISOString().slice(0, 10)
  return `retention class ${row.retentionClass} keeps it until ${until} at least`
}

async function erase(parts: ErasureDeskParts, request: ErasureRequest): Promise<RequestOutcome> {
  const { scope, despiteMinimum } = request
  const planned = await preview(parts, scope, despiteMinimum)
  if (planned.refusals.length > 0 || planned.exchanges.length === 0)
    return { kind: 'refused', preview: planned }
  const id = newControlId('er', parts.clock.nowMs())
  const receipts: ErasureReceipt[] = []
  const refusals: ErasureRefusal[] = []
  for (let at = 0; at < planned.exchanges.length; at += ERASURE_EXCHANGES_MAX) {
    const some = planned.exchanges.slice(at, at + ERASURE_EXCHANGES_MAX)
    const done = await eraseSome(parts, some, { ...request, request: id, rule: scope.kind })
    if (done.receipt !== null) receipts.push(done.receipt)
    refusals.push(...done.refusals)
  }
  if (receipts.length === 0) return { kind: 'refused', preview: { ...planned, refusals } }
  const proofs = await parts.openProofs()
  const erasures = await Promise.all(receipts.map((receipt) => proven(parts, proofs, receipt)))
  return { kind: 'erased', request: id, erasures, refusals, logKeys: proofs.keys }
}

export interface PartOrder extends Omit<ErasureRequest, 'scope'> {
  /** Of the whole. */
  readonly request: string
  readonly rule: ErasureScope['kind']
}

interface PartOutcome {
  readonly receipt: ErasureReceipt | null
  readonly refusals: readonly ErasureRefusal[]
}

/** At most `ERASURE_EXCHANGES_MAX`. What came to be held in between stays, and the others go. */
async function eraseSome(
  { eraser, holds }: ErasureDeskParts,
  exchanges: readonly ExchangeId[],
  { request, rule, by, reason, despiteMinimum }: PartOrder,
): Promise<PartOutcome> {
  const refusals: ErasureRefusal[] = []
  for (let left = exchanges; left.length > 0;) {
    const outcome = await eraser.erase({
      exchanges: left,
      cause: 'request',
      rule,
      actor: by.login,
      reason,
      details: { request, person: by.person, despiteMinimum },
      guard: (rows) => heldAmong(holds, rows),
    })
    if (outcome.kind === 'erased') return { receipt: outcome.receipt, refusals }
    refusals.push(...outcome.refusals)
    const refused = new Set(outcome.refusals.map(({ exchange }) => exchange))
    left = left.filter((id) => !refused.has(id))
  }
  return { receipt: null, refusals }
}

async function proven(
  { index }: ErasureDeskParts,
  proofs: ProofDesk,
  receipt: ErasureReceipt,
): Promise<ErasureProof> {
  const [first] = receipt.exchanges
  const events = first === undefined ? [] : await index.eventsOf(first, 1000)
  const event = events.find(({ id }) => id === receipt.event)
  const found = event === undefined ? null : await proofs.prove(event)
  return {
    ...receipt,
    leafIndex: found?.index ?? null,
    leaf: found?.leaf.toString('base64') ?? null,
    proof: found?.proof.toString('utf8') ?? null,
    naming: await eventsNaming(index, receipt.exchanges),
  }
}

/** Of approvals and grants, from before they stopped to name the caller. */
async function eventsNaming(
  index: ExchangeIndex,
  exchanges: readonly ExchangeId[],
): Promise<readonly string[]> {
  const naming = new Set<string>()
  for (const exchange of exchanges)
    for (const { id, event } of await index.eventsOf(exchange, 1000))
      if (/^(approval|grant)\./.test(event.type) && 'principal' in event.details) naming.add(id)
  return [...naming]
}

async function receiptOf(
  parts: ErasureDeskParts,
  erasure: string,
): Promise<readonly ErasureProof[]> {
  const tombstones = await parts.index.erasure.tombstones({
    erasure,
    limit: ERASURE_EXCHANGES_MAX,
  })
  const [first] = tombstones
  if (first === undefined) return []
  const events = await parts.index.eventsOf(first.id, 1000)
  const details = events.find(({ id }) => id === first.event)?.event.details ?? {}
  const receipt: ErasureReceipt = {
    erasure,
    event: first.event,
    atMs: first.erasedAtMs,
    exchanges: tombstones.map(({ id }) => id),
    frames: Number(details['frames'] ?? 0),
    bytes: Number(details['bytes'] ?? 0),
    shared: Number(details['shared'] ?? 0),
  }
  return [await proven(parts, await parts.openProofs(), receipt)]
}

interface FoundRows {
  readonly rows: readonly ExchangeRow[]
  readonly refusals: readonly ErasureRefusal[]
  readonly truncated: boolean
  readonly searched: number
  readonly unreadable: number
}

async function rowsOf(parts: ErasureDeskParts, scope: ErasureScope): Promise<FoundRows> {
  switch (scope.kind) {
    case 'exchange':
      return named(parts, scope.exchanges)
    case 'principal': {
      const rows = await parts.search.list(
        { values: { principal: [scope.principal] } },
        { limit: REQUEST_EXCHANGES_MAX + 1 },
      )
      const truncated = rows.length > REQUEST_EXCHANGES_MAX
      const kept = rows.slice(0, REQUEST_EXCHANGES_MAX)
      return { rows: kept, refusals: [], truncated, searched: 0, unreadable: 0 }
    }
    case 'value':
      return holding(parts, scope.value)
  }
}

async function named(parts: ErasureDeskParts, ids: readonly string[]): Promise<FoundRows> {
  const rows: ExchangeRow[] = []
  const refusals: ErasureRefusal[] = []
  for (const id of new Set(ids)) {
    if (!isExchangeId(id)) continue
    const row = await parts.index.exchange(id)
    if (row !== null) {
      rows.push(row)
      continue
    }
    const gone = await parts.index.erasure.tombstone(id)
    refusals.push(
      gone === null
        ? { exchange: id, why: 'not-found', detail: 'no such exchange is recorded' }
        : { exchange: id, why: 'erased', detail: `it was erased before (${gone.erasure})` },
    )
  }
  return { rows, refusals, truncated: false, searched: 0, unreadable: 0 }
}

/** Reads everything that is recorded: the only way that misses nothing. Lets others go first after each exchange. */
async function holding(parts: ErasureDeskParts, value: string): Promise<FoundRows> {
  const rows: ExchangeRow[] = []
  let searched = 0
  let unreadable = 0
  let before: ExchangeId | undefined
  const search = createValueSearch(parts, value)
  for (;;) {
    const page = await parts.index.list({
      limit: PAGE,
      ...(before === undefined ? {} : { before }),
    })
    for (const row of page) {
      searched += 1
      const holds = await search.isIn(row)
      if (holds === null) unreadable += 1
      else if (holds) rows.push(row)
      if (rows.length > REQUEST_EXCHANGES_MAX) {
        const kept = rows.slice(0, REQUEST_EXCHANGES_MAX)
        return { rows: kept, refusals: [], truncated: true, searched, unreadable }
      }
      await setImmediate()
    }
    before = page.at(-1)?.id
    if (page.length < PAGE || before === undefined)
      return { rows, refusals: [], truncated: false, searched, unreadable }
  }
}
