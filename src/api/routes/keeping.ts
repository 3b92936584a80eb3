/** Serves legal holds, the plan of retention, erasure on request and tombstones. */
import { reachOf } from '../../identity/permissions.ts'
import { scopeText } from '../../incident/keeping/hold-scope.ts'
import type { ErasurePreview as Previewed, ErasureProof } from '../../incident/keeping/erasures.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { HoldRow, HoldScope } from '../../model/holds.ts'
import type { ErasurePreview, ErasureReceipt, Hold } from '../contract/keeping.ts'
import {
  createErasure,
  listDue,
  listErasures,
  listHolds,
  planRetention,
  previewErasure,
  readErasure,
  readTombstone,
  releaseHold,
  runRetention,
  setHold,
} from '../contract/keeping.ts'
import { doerOf } from '../doer.ts'
import { noteInCase } from '../case-notes.ts'
import type { Registrar } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'

export function keepingRoutes(registrar: Registrar): void {
  holdRoutes(registrar)
  retentionRoutes(registrar)
  erasureRoutes(registrar)
}

function holdRoutes({ app, parts, guarded }: Registrar): void {
  const { holds } = parts.keeping
  app.openapi(guarded(listHolds), async (context) => {
    const { cursor, limit } = context.req.valid('query')
    const page = { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) }
    const rows = await holds.list(page)
    const items = rows.slice(0, limit)
    const { person } = context.get('signedIn')
    return context.json(
      {
        items: items.map((row) => shownHold(row, person.id)),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(setHold), async (context) => {
    const { scope, reason } = context.req.valid('json')
    const wanted: HoldScope =
      scope.kind === 'query'
        ? { kind: 'query', query: queryOf(scope.filter, null, parts.clock.nowMs()) }
        : scope
    const who = context.get('signedIn')
    const row = await holds.set(wanted, reason, doerOf(who))
    context.get('audit').add({ target: row.id, reason, details: { kind: scope.kind } })
    if (scope.kind === 'case')
      await noteInCase(parts, {
        case: scope.case,
        person: who.person.id,
        target: row.id,
        text: `Legal hold on ${scope.exchanges.length} exchanges`,
      })
    return context.json(shownHold(row, who.person.id), 201)
  })
  app.openapi(guarded(releaseHold), async (context) => {
    const { id } = context.req.valid('param')
    const { reason } = context.req.valid('json')
    context.get('audit').add({ target: id, reason })
    const who = context.get('signedIn')
    const outcome = await holds.release(id, reason, doerOf(who))
    if (outcome === 'own') throw fail('api.own-hold')
    if (outcome === 'released-before') throw fail('api.conflict', 'It was released before.')
    const row = outcome === 'released' ? await holds.byId(id) : null
    if (row === null) throw fail('api.not-found')
    return context.json(shownHold(row, who.person.id), 200)
  })
}

function retentionRoutes({ app, parts, guarded }: Registrar): void {
  const { retention } = parts.keeping
  app.openapi(guarded(planRetention), async (context) => {
    const { horizonDays } = context.req.valid('query')
    const classes = await retention.plan(horizonDays)
    return context.json({ horizonDays, classes: [...classes] }, 200)
  })
  app.openapi(guarded(listDue), async (context) => {
    const { retentionClass, horizonDays, cursor, limit } = context.req.valid('query')
    const after = cursor !== undefined && isExchangeId(cursor) ? cursor : null
    const rows = await retention.due({ retentionClass, horizonDays, after, limit: limit + 1 })
    if (rows === null) throw fail('api.not-found', 'There is no such retention class.')
    const items = rows.slice(0, limit).map((row) => ({ ...row, holds: [...row.holds] }))
    const next = rows.length > limit ? (items.at(-1)?.exchange ?? null) : null
    return context.json({ items, next }, 200)
  })
  app.openapi(guarded(runRetention), async (context) => {
    const { exchangesMax } = context.req.valid('json')
    const run = await retention.step(exchangesMax)
    context.get('audit').add({ details: { erased: run.erased, held: run.held } })
    return context.json(run, 200)
  })
}

function erasureRoutes({ app, parts, guarded }: Registrar): void {
  const { erasures } = parts.keeping
  app.openapi(guarded(previewErasure), async (context) => {
    const { scope, despiteMinimum } = context.req.valid('json')
    const { roles } = context.get('signedIn')
    // Whoever may not read content must not ask where a text stands.
    if (scope.kind === 'value' && reachOf('content.reveal', roles) !== 'all')
      throw fail('api.forbidden')
    await context.get('audit').shown({ details: { kind: scope.kind } })
    return context.json(shownPreview(await erasures.preview(scope, despiteMinimum)), 200)
  })
  app.openapi(guarded(createErasure), async (context) => {
    const { scope, reason, despiteMinimum } = context.req.valid('json')
    const who = context.get('signedIn')
    if (scope.kind === 'value' && reachOf('content.reveal', who.roles) !== 'all')
      throw fail('api.forbidden')
    const outcome = await erasures.erase({ scope, reason, despiteMinimum, by: doerOf(who) })
    const audit = context.get('audit')
    if (outcome.kind === 'refused') {
      audit.add({ reason, details: { kind: scope.kind, refused: outcome.preview.refusals.length } })
      return context.json(
        {
          request: null,
          erasures: [],
          refused: shownPreview(outcome.preview),
          refusals: [],
          logKeys: [],
        },
        200,
      )
    }
    const { request, logKeys, refusals } = outcome
    audit.add({
      target: request,
      reason,
      details: { kind: scope.kind, erasures: outcome.erasures.length },
    })
    return context.json(
      {
        request,
        erasures: outcome.erasures.map(shownReceipt),
        refused: null,
        refusals: [...refusals],
        logKeys: [...logKeys],
      },
      200,
    )
  })
  app.openapi(guarded(listErasures), async (context) => {
    const { cursor, limit } = context.req.valid('query')
    const rows = await erasures.tombstones({
      limit: limit + 1,
      ...(cursor === undefined ? {} : { before: cursor }),
    })
    const items = rows.slice(0, limit)
    const next = rows.length > limit ? (items.at(-1)?.id ?? null) : null
    return context.json({ items, next }, 200)
  })
  app.openapi(guarded(readErasure), async (context) => {
    const [receipt] = await erasures.receipt(context.req.valid('param').id)
    if (receipt === undefined) throw fail('api.not-found')
    return context.json(shownReceipt(receipt), 200)
  })
  app.openapi(guarded(readTombstone), async (context) => {
    const { id } = context.req.valid('param')
    const tombstone = isExchangeId(id) ? await erasures.tombstone(id) : null
    if (tombstone === null) throw fail('api.not-found')
    return context.json(tombstone, 200)
  })
}

export function shownHold(row: HoldRow, person: string): Hold {
  const { id, scope, reason, setAtMs, releasedAtMs, releaseReason } = row
  return {
    id,
    kind: scope.kind,
    scope: scopeText(scope),
    target: targetOf(scope),
    reason,
    setBy: row.setByName,
    setAtMs,
    releasedBy: row.releasedByName,
    releasedAtMs,
    releaseReason,
    mayRelease: releasedAtMs === null && row.setBy !== person,
  }
}

function targetOf(scope: HoldScope): string {
  switch (scope.kind) {
    case 'exchange':
      return scope.exchange
    case 'conversation':
      return scope.conversation
    case 'principal':
      return scope.principal
    case 'case':
      return scope.case
    case 'query':
      return JSON.stringify(scope.query)
  }
}

function shownPreview(preview: Previewed): ErasurePreview {
  return { ...preview, exchanges: [...preview.exchanges], refusals: [...preview.refusals] }
}

function shownReceipt(proof: ErasureProof): ErasureReceipt {
  return { ...proof, exchanges: [...proof.exchanges], naming: [...proof.naming] }
}
