/** Serves bundles: recorded as an export first, then made while they are read. */
import type { Context } from 'hono'
import type { BundleHead } from '../../evidence/bundle/manifest.ts'
import { reachOf } from '../../identity/permissions.ts'
import type { OtherFormat } from '../../incident/export/other-formats.ts'
import type { Doer } from '../../incident/keeping/hold-desk.ts'
import type { FrozenExport } from '../../model/export-orders.ts'
import { isRecipient } from '../../incident/export/seal.ts'
import { isExchangeId, newControlId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import { createExport, EXPORT_EXCHANGES_MAX, type ExportOrder } from '../contract/exports.ts'
import { noteInCase } from '../case-notes.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'

export function exportRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(createExport), async (context) => {
    const order = context.req.valid('json')
    const { roles } = context.get('signedIn')
    if (order.content === 'raw' && reachOf('content.reveal', roles) !== 'all')
      throw fail('api.forbidden', 'A raw bundle takes the permission to reveal.')
    await checkRecipients(order)
    const selection = await selectionOf(parts, order)
    await requireAccess(context, parts, selection.exchanges)
    const { exportOrders } = parts.keeping
    if (exportOrders.isNeeded(order.content)) {
      const frozen = { ...order, ...selection, case: order.case ?? null }
      const asked = await exportOrders.ask(frozenOf(frozen), order.reason, doerOf(context))
      await context.get('audit').shown({
        target: asked.id,
        reason: order.reason,
        details: { content: order.content, exchanges: selection.exchanges.length, waits: true },
      })
      return context.json({ order: asked.id, expiresAtMs: asked.expiresAtMs }, 202)
    }
    const head = headOf(context, parts, order, selection)
    return handOut(context, parts, head, order.formats)
  })
}

/** Recorded as an export first; the bundle is made while it is read. */
export async function handOut(
  context: Context<ApiEnv>,
  parts: ApiParts,
  head: BundleHead,
  formats: readonly OtherFormat[],
): Promise<Response> {
  const { selection, content, recipients, reason, approvals } = head
  await context.get('audit').shown({
    event: 'evidence.exported',
    target: head.id,
    reason,
    records: selection.exchanges,
    details: {
      content,
      exchanges: selection.exchanges.length,
      recipients: recipients.length,
      formats: formats.join(' '),
      ...(head.case === null ? {} : { case: head.case }),
      ...(approvals.length === 0 ? {} : { approvals: approvals.join(' ') }),
    },
  })
  const stream = await parts.keeping.export(head, formats)
  if (head.case !== null)
    await noteInCase(parts, {
      case: head.case,
      person: context.get('signedIn').person.id,
      target: head.id,
      text: `Signed bundle of ${selection.exchanges.length} exchanges, ${content}`,
    })
  const name = `${head.id}.tar${recipients.length > 0 ? '.age' : ''}`
  return new Response(stream, {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-custody-bundle': head.id,
    },
  })
}

/** What one person alone does not read, one person alone does not hand out. */
export async function requireAccess(
  context: Context<ApiEnv>,
  parts: ApiParts,
  ids: readonly string[],
): Promise<void> {
  const rows = []
  for (const id of ids) {
    const row = isExchangeId(id) ? await parts.desk.row(id, null) : null
    if (row !== null) rows.push(row)
  }
  await parts.accesses.require(context.get('signedIn').person.id, rows)
}

const doerOf = (context: Context<ApiEnv>): Doer => {
  const { person } = context.get('signedIn')
  return { person: person.id, login: person.login }
}

function frozenOf(order: FrozenExport): FrozenExport {
  const { kind, exchanges, query, exhibit, content, formats, recipients } = order
  return { kind, exchanges, query, case: order.case, exhibit, content, formats, recipients }
}

async function checkRecipients({ recipients }: ExportOrder): Promise<void> {
  for (const [at, text] of recipients.entries())
    if (!(await isRecipient(text)))
      throw new InvalidRequest([
        { path: `recipients.${at}`, message: 'is no age recipient; they begin with age1' },
      ])
}

async function selectionOf(parts: ApiParts, order: ExportOrder): Promise<BundleHead['selection']> {
  const { exchanges, filter } = order
  if ((exchanges === undefined) === (filter === undefined))
    throw new InvalidRequest([{ path: 'exchanges', message: 'takes either exchanges or filter' }])
  const kind = order.case === undefined ? (filter === undefined ? 'exchanges' : 'query') : 'case'
  if (filter === undefined) {
    const ids = [...new Set(exchanges)]
    if (ids.length === 0)
      throw new InvalidRequest([{ path: 'exchanges', message: 'is empty: nothing to export' }])
    return { kind, exchanges: ids, query: null }
  }
  const query = queryOf(filter, null, parts.clock.nowMs())
  const rows = await parts.desk.search.list(query, { limit: EXPORT_EXCHANGES_MAX })
  if (rows.length === 0)
    throw new InvalidRequest([{ path: 'filter', message: 'matches no exchange' }])
  return { kind, exchanges: rows.map(({ id }) => id).toReversed(), query }
}

function headOf(
  context: Context<ApiEnv>,
  parts: ApiParts,
  order: ExportOrder,
  selection: BundleHead['selection'],
): BundleHead {
  const { person, roles, authentication } = context.get('signedIn')
  const nowMs = parts.clock.nowMs()
  return {
    id: newControlId('bn', nowMs),
    exhibit: order.exhibit,
    case: order.case ?? null,
    createdAtMs: nowMs,
    tool: { name: 'custody', version: parts.version },
    exporter: { person: person.id, login: person.login, roles, authentication },
    reason: order.reason,
    approvals: [],
    selection,
    content: order.content,
    recipients: order.recipients,
  }
}
