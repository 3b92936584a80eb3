/** Serves exchanges: list, facets, histogram, metadata of one, proof of one. */
import type { Context } from 'hono'
import { reachOf } from '../../identity/permissions.ts'
import { ciRunOf } from '../../incident/ci-run.ts'
import { isOwn } from '../../incident/matches-query.ts'
import { revealFor } from '../../incident/reveals.ts'
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { Owner } from '../../incident/exchange-desk.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { costOf } from '../../model/cost.ts'
import type { Cost } from '../../model/cost.ts'
import { fail } from '../../model/errors.ts'
import { maskCount } from '../../model/record.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ExchangeDetail, Facets } from '../contract/exchanges.ts'
import {
  checkExchange,
  countFacets,
  countHistogram,
  listExchanges,
  readExchange,
} from '../contract/exchanges.ts'
import { heldFor } from '../held.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'
import { shownExchange } from '../shown.ts'

export function exchangeRoutes({ app, parts, guarded }: Registrar): void {
  const { desk } = parts
  app.openapi(guarded(listExchanges), async (context) => {
    const { cursor, limit, ...filter } = context.req.valid('query')
    const owner = await ownerOf(context, parts)
    const before = exchangeCursor(cursor)
    const rows = await desk.search.list(queryOf(filter, owner, parts.clock.nowMs()), {
      limit: limit + 1,
      ...(before === null ? {} : { before }),
    })
    const items = rows.slice(0, limit)
    const held = await heldFor(parts, owner, items)
    return context.json(
      {
        items: items.map((row) => shownExchange(row, owner, held.get(row.id))),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(countFacets), async (context) => {
    const { values, ...filter } = context.req.valid('query')
    const counts = await desk.search.facets(
      queryOf(filter, await ownerOf(context, parts), parts.clock.nowMs()),
      values,
    )
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract names the same fields
    return context.json(counts as unknown as Facets, 200)
  })
  app.openapi(guarded(countHistogram), async (context) => {
    const { fromMs, toMs, buckets, ...filter } = context.req.valid('query')
    const owner = await ownerOf(context, parts)
    const query = queryOf(filter, owner, parts.clock.nowMs())
    const counted = await desk.search.histogram(query, { fromMs, toMs, buckets })
    const erased = owner === null ? await parts.keeping.erasures.countErased(fromMs, toMs) : 0
    return context.json(
      { fromMs, toMs, bucketMs: (toMs - fromMs) / buckets, buckets: [...counted], erased },
      200,
    )
  })
  app.openapi(guarded(readExchange), async (context) => {
    const owner = await ownerOf(context, parts)
    const row = await visibleRow(context, parts, owner)
    const reading = await desk.recorded(row)
    await context.get('audit').shown({ target: row.id })
    if (reading.kind === 'unreadable') throw fail('api.unreadable')
    return context.json(await detail(context, parts, reading.recorded, owner), 200)
  })
  app.openapi(guarded(checkExchange), async (context) => {
    const row = await visibleRow(context, parts, await ownerOf(context, parts))
    const reading = await desk.recorded(row)
    await context.get('audit').shown({ target: row.id })
    const { problems, frames } =
      reading.kind === 'recorded'
        ? reading.recorded
        : { problems: ['the opening cannot be read: erased, damaged or missing'], frames: [] }
    return context.json(
      {
        id: row.id,
        state: row.state,
        verdict: problems.length === 0 ? ('sound' as const) : ('damaged' as const),
        problems: [...problems],
        frames: frames.map(({ address, type, bytes }) => ({ ...address, type, bytes })),
        leaves: [...(await parts.log.prove(frames.flatMap(leafFrame)))],
      },
      200,
    )
  })
}

/** The frames that have a leaf of their own. */
function leafFrame({ type, address }: RecordedExchange['frames'][number]) {
  return type === 'opening' || type === 'closing' || type === 'refusal' ? [address] : []
}

/** A cursor is the id of the last row of the page before. */
export function exchangeCursor(cursor: string | undefined) {
  if (cursor === undefined) return null
  if (isExchangeId(cursor)) return cursor
  throw new InvalidRequest([{ path: 'cursor', message: 'is not one that a page gave' }])
}

/** The row named in the path. What does not exist and what one may not see are answered alike. */
export async function visibleRow(
  context: Context<ApiEnv>,
  parts: ApiParts,
  owner: Owner,
): Promise<ExchangeRow> {
  const id = context.req.param('id') ?? ''
  const row = isExchangeId(id) ? await parts.desk.row(id, owner) : null
  if (row !== null) return row
  const tombstone =
    owner === null && isExchangeId(id) ? await parts.keeping.erasures.tombstone(id) : null
  if (tombstone !== null) throw fail('api.erased')
  throw fail('api.not-found')
}

async function detail(
  context: Context<ApiEnv>,
  parts: ApiParts,
  recorded: RecordedExchange,
  owner: Owner,
): Promise<ExchangeDetail> {
  const { row, facts, closing } = recorded
  const { person, roles } = context.get('signedIn')
  const reveal = await revealFor(parts.control.reveals, person.id, row, parts.clock.nowMs())
  const held = await heldFor(parts, owner, [row])
  const readReach = reachOf('content.read', roles)
  const { principal } = facts
  return {
    exchange: shownExchange(row, owner, held.get(row.id)),
    principal:
      principal === null
        ? null
        : {
            id: principal.id,
            kind: principal.kind,
            method: principal.method,
            service: principal.service,
            groups: [...principal.groups],
            owner: principal.owner ?? '',
            actor: principal.actor ?? '',
            certificate: principal.certificate ?? '',
            rule: principal.rule ?? '',
            run: ciRunOf(principal, facts.tags),
            issuer: principal.issuer,
            claims: { ...principal.claims },
          },
    declared: { service: facts.tags.service, headers: { ...facts.tags.headers } },
    toolNames: [...facts.toolNames],
    links: { ...facts.links },
    responseId: closing?.responseId ?? null,
    responseModel: closing?.responseModel ?? null,
    upstreamStatus: closing?.upstreamStatus ?? null,
    usage: closing?.usage ?? null,
    cost: costOfRecorded(parts, recorded),
    policy: facts.policy,
    held: heldOf(recorded),
    ...detectionOf(recorded),
    mayReadContent:
      readReach === 'all' ||
      (readReach === 'own' && isOwn(row, { principals: [person.login, person.id], keyIds: [] })),
    restriction: await restrictionOf(parts, person.id, row),
    mayReveal: reachOf('content.reveal', roles) === 'all',
    reveal: reveal === null ? null : { id: reveal.id, expiresAtMs: reveal.expiresAtMs },
  }
}

function heldOf({ closing }: RecordedExchange): ExchangeDetail['held'] {
  const by = closing?.approval
  if (by === undefined) return null
  const { approval, state, waitedMs, keptAlive = null } = by
  return { approval, state, waitedMs, keptAlive }
}

async function restrictionOf(
  { accesses }: ApiParts,
  person: string,
  row: ExchangeRow,
): Promise<ExchangeDetail['restriction']> {
  const restriction = (await accesses.restrictions(person, [row])).get(row.id)
  if (restriction === undefined) return null
  const { by, access } = restriction
  return {
    by: [...by],
    access: access === null ? null : { id: access.id, expiresAtMs: access.expiresAtMs ?? 0 },
  }
}

function costOfRecorded(parts: ApiParts, { row, closing }: RecordedExchange): Cost | null {
  const model = closing?.responseModel ?? row.model
  if (closing === null || model === null) return null
  return costOf(parts.prices(), { model, upstream: row.upstream, usage: closing.usage })
}

type Detection = Pick<ExchangeDetail, 'findings' | 'uninspected' | 'masks'>

function detectionOf({ facts, closing }: RecordedExchange): Detection {
  const sides = [
    ['request', facts],
    ['answer', closing],
  ] as const
  const wasLookedInto = sides.some(([, side]) => side?.findings !== undefined)
  return {
    findings: wasLookedInto
      ? sides.flatMap(([direction, side]) =>
          (side?.findings ?? []).map((one) => ({ direction, ...one })),
        )
      : null,
    uninspected: sides.flatMap(([direction, side]) =>
      (side?.uninspected ?? []).map((one) => ({ direction, ...one })),
    ),
    masks: {
      request: maskCount(facts.requestSplices),
      answer: maskCount(closing?.answerSplices ?? []),
    },
  }
}
