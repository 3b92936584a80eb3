/** Serves exports that wait for another person: who asked, who decided, and the bundle once it may leave. */
import { reachOf } from '../../identity/permissions.ts'
import type { SignedIn } from '../../identity/signed-in.ts'
import { OTHER_FORMATS } from '../../incident/export/other-formats.ts'
import { isExchangeId, newControlId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { ExportOrderRow } from '../../model/export-orders.ts'
import {
  decideExportOrder,
  fetchExportOrder,
  listExportOrders,
  readExportOrder,
  type WaitingExport,
} from '../contract/export-orders.ts'
import type { ApiParts } from '../parts.ts'
import { queryLine } from '../query-line.ts'
import type { Registrar } from '../registrar.ts'
import { shownExchange } from '../shown.ts'
import { handOut, requireAccess } from './exports.ts'

export function exportOrderRoutes({ app, parts, guarded }: Registrar): void {
  const orders = () => parts.keeping.exportOrders
  app.openapi(guarded(listExportOrders), async (context) => {
    const { cursor, limit } = context.req.valid('query')
    const page = { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) }
    const rows = await orders().list(page)
    const items = rows.slice(0, limit)
    const who = context.get('signedIn')
    const next = rows.length > limit ? (items.at(-1)?.id ?? null) : null
    return context.json({ items: items.map((row) => shownOrder(parts, row, who)), next }, 200)
  })
  app.openapi(guarded(readExportOrder), async (context) => {
    const row = await orders().byId(context.req.valid('param').id)
    if (row === null) throw fail('api.not-found')
    const ids = row.order.exchanges.filter(isExchangeId)
    const found = await parts.desk.index.exchanges(ids)
    const held = await parts.keeping.holds.on(found)
    await context.get('audit').shown({ target: row.id, details: { exchanges: found.length } })
    return context.json(
      {
        order: shownOrder(parts, row, context.get('signedIn')),
        exchanges: found.map((one) => shownExchange(one, null, held.get(one.id))),
        gone: row.order.exchanges.length - found.length,
      },
      200,
    )
  })
  app.openapi(guarded(decideExportOrder), async (context) => {
    const { id } = context.req.valid('param')
    const { decision, reason } = context.req.valid('json')
    const who = context.get('signedIn')
    const { person, roles } = who
    context.get('audit').add({ target: id, reason, details: { decision } })
    const by = { person: person.id, login: person.login, roles }
    const outcome = await orders().decide(id, decision, reason, by)
    if (outcome === 'own') throw fail('api.forbidden', 'Nobody approves an export of their own.')
    if (outcome === 'role') throw fail('api.forbidden', 'It takes a role that approves exports.')
    if (outcome === 'not-open') throw fail('api.conflict', 'It was decided before, or has expired.')
    const row = outcome === 'decided' ? await orders().byId(id) : null
    if (row === null) throw fail('api.not-found')
    return context.json(shownOrder(parts, row, who), 200)
  })
  app.openapi(guarded(fetchExportOrder), async (context) => {
    const { id } = context.req.valid('param')
    const { person, roles, authentication } = context.get('signedIn')
    const waiting = await orders().byId(id)
    // Roles may have gone since it was asked for.
    if (waiting?.order.content === 'raw' && reachOf('content.reveal', roles) !== 'all')
      throw fail('api.forbidden', 'A raw bundle takes the permission to reveal.')
    if (waiting !== null) await requireAccess(context, parts, waiting.order.exchanges)
    const nowMs = parts.clock.nowMs()
    const bundle = newControlId('bn', nowMs)
    const row = await orders().take(id, bundle, { person: person.id, login: person.login })
    if (row === null)
      throw fail('api.conflict', 'There is no approved export of yours under this id to fetch.')
    const { order } = row
    const head = {
      id: bundle,
      exhibit: order.exhibit,
      case: order.case,
      createdAtMs: nowMs,
      tool: { name: 'custody', version: parts.version },
      exporter: { person: person.id, login: person.login, roles, authentication },
      reason: row.reason,
      approvals: [`${row.id} by ${row.decidedByName ?? ''}: ${row.decisionReason ?? ''}`],
      selection: { kind: order.kind, exchanges: order.exchanges, query: order.query },
      content: order.content,
      recipients: order.recipients,
    }
    const formats = OTHER_FORMATS.filter((format) => order.formats.includes(format))
    return handOut(context, parts, head, formats)
  })
}

function shownOrder(
  parts: ApiParts,
  row: ExportOrderRow,
  { person, roles }: SignedIn,
): WaitingExport {
  const { exportOrders } = parts.keeping
  const { content, exchanges, exhibit, formats, recipients } = row.order
  const state = exportOrders.stateOf(row)
  const isOwn = row.askedBy === person.id
  return {
    id: row.id,
    state,
    content,
    exchanges: [...exchanges],
    query: row.order.query === null ? null : queryLine(row.order.query),
    case: row.order.case,
    exhibit,
    formats: [...formats],
    recipients: [...recipients],
    reason: row.reason,
    askedBy: row.askedByName,
    askedAtMs: row.askedAtMs,
    expiresAtMs: row.expiresAtMs,
    decidedBy: row.decidedByName,
    decidedAtMs: row.decidedAtMs,
    decisionReason: row.decisionReason,
    bundle: row.bundle,
    mayDecide: state === 'pending' && !isOwn && exportOrders.mayDecide(roles),
    mayFetch: state === 'approved' && isOwn,
  }
}
