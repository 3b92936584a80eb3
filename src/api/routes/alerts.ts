/** Serves alerts on searches: everybody sees which there are, each changes their own, an admin changes all. */
import type { Context } from 'hono'
import { newControlId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import { parseQuery } from '../../model/query/parse.ts'
import type { SearchAlertRow } from '../../model/search-alerts.ts'
import { createAlert, deleteAlert, listAlerts, updateAlert } from '../contract/alerts.ts'
import type { SearchAlert } from '../contract/alerts.ts'
import { queryProblem } from '../filter-query.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

/** More would be noise, and each is judged for every exchange. */
const ALERTS_MAX = 200

export function alertRoutes({ app, parts, guarded }: Registrar): void {
  const table = parts.control.searchAlerts
  app.openapi(guarded(listAlerts), async (context) => {
    const { person } = context.get('signedIn')
    const items = (await table.list()).map((row) => shown(row, person.id))
    return context.json({ items, channels: [...parts.alertChannels()] }, 200)
  })
  app.openapi(guarded(createAlert), async (context) => {
    const wanted = context.req.valid('json')
    check(parts, wanted)
    if ((await table.list()).length >= ALERTS_MAX) {
      throw fail('api.conflict', `There are ${ALERTS_MAX} alerts; take one away first.`)
    }
    const { person } = context.get('signedIn')
    const nowMs = parts.clock.nowMs()
    // What is indexed between now and the first round belongs to it.
    if ((await table.place()) === null) await table.setPlace(await parts.desk.search.newest())
    const row: SearchAlertRow = {
      id: newControlId('al', nowMs),
      person: person.id,
      personName: person.name,
      ...wanted,
      enabled: true,
      mutedUntilMs: null,
      createdAtMs: nowMs,
      matched: 0,
      sent: 0,
      lastSentAtMs: null,
      attempts: 0,
      retryAtMs: null,
      lastError: '',
      lastErrorAtMs: null,
      version: 1,
    }
    await table.insert(row)
    const { id, channel } = row
    context.get('audit').add({ target: id, details: { channel, everyMs: row.everyMs } })
    return context.json(shown(row, person.id), 201)
  })
  app.openapi(guarded(updateAlert), async (context) => {
    const change = context.req.valid('json')
    const row = await ownAlert(context, parts)
    const given = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    )
    const next: SearchAlertRow = { ...row, ...given, version: row.version + 1 }
    check(parts, next)
    context.get('audit').add({
      target: row.id,
      details: { changed: Object.keys(given).join(', '), enabled: next.enabled },
    })
    if (!(await table.update(next)))
      throw fail('api.conflict', 'It was changed just now; try again.')
    return context.json(shown(next, context.get('signedIn').person.id), 200)
  })
  app.openapi(guarded(deleteAlert), async (context) => {
    const { id } = await ownAlert(context, parts)
    context.get('audit').add({ target: id })
    await table.remove(id)
    return context.body(null, 204)
  })
}

async function ownAlert(context: Context<ApiEnv>, parts: ApiParts): Promise<SearchAlertRow> {
  const row = await parts.control.searchAlerts.byId(context.req.param('id') ?? '')
  const isMine = row?.person === context.get('signedIn').person.id
  if (row === null || (!isMine && context.get('reach') !== 'all')) throw fail('api.not-found')
  return row
}

/** Threat: an address typed here would make the gateway post to it; only what the operator named is a channel. */
function check(
  parts: ApiParts,
  { q, channel }: { readonly q: string; readonly channel: string },
): void {
  const reading = parseQuery(q)
  if (reading.kind === 'problem') throw new InvalidRequest([queryProblem(reading.problem)])
  if (reading.node === null) {
    throw new InvalidRequest([{ path: 'q', message: 'asks nothing: every exchange would match' }])
  }
  if (!parts.alertChannels().includes(channel)) {
    const message = 'is no channel that custody.yaml has under approvals'
    throw new InvalidRequest([{ path: 'channel', message }])
  }
}

function shown(row: SearchAlertRow, person: string): SearchAlert {
  const { person: owner, attempts: _attempts, version: _version, ...rest } = row
  return { ...rest, own: owner === person }
}
