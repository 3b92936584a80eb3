/** Serves alerts on searches: everybody sees which there are, each changes their own, an admin changes all. */
import type { Context } from 'hono'
import { newControlId } from '../../lib/ids.ts'
import type { SavedViewRow } from '../../model/control.ts'
import { fail } from '../../model/errors.ts'
import type { SearchAlertRow } from '../../model/search-alerts.ts'
import { createAlert, deleteAlert, listAlerts, updateAlert } from '../contract/alerts.ts'
import type { SearchAlert } from '../contract/alerts.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { watchable } from '../watched-search.ts'

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
    const { channel, everyMs, ...wanted } = context.req.valid('json')
    checkChannel(parts, channel)
    const person = context.get('signedIn').person
    const { view, isNew } = await watchedView(parts, person.id, {
      view: undefined,
      name: undefined,
      q: undefined,
      ...wanted,
    })
    const q = watchable(view)
    if ((await table.list()).length >= ALERTS_MAX) {
      throw fail('api.conflict', `There are ${ALERTS_MAX} alerts; take one away first.`)
    }
    const nowMs = parts.clock.nowMs()
    // What is indexed between now and the first round belongs to it.
    if ((await table.place()) === null) await table.setPlace(await parts.desk.search.newest())
    const row: SearchAlertRow = {
      id: newControlId('al', nowMs),
      person: person.id,
      personName: person.name,
      view: view.id,
      name: view.name,
      q,
      channel,
      everyMs,
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
    if (isNew) await parts.control.views.insert(view)
    await table.insert(row)
    context.get('audit').add({ target: row.id, details: { channel, everyMs, view: view.id } })
    return context.json(shown(row, person.id), 201)
  })
  app.openapi(guarded(updateAlert), async (context) => {
    const change = context.req.valid('json')
    const row = await ownAlert(context, parts)
    const given = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    )
    const next: SearchAlertRow = { ...row, ...given, version: row.version + 1 }
    checkChannel(parts, next.channel)
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

/** A saved search of one's own, or one that is saved now. */
async function watchedView(
  parts: ApiParts,
  person: string,
  wanted: Readonly<Record<'view' | 'name' | 'q', string | undefined>>,
): Promise<{ readonly view: SavedViewRow; readonly isNew: boolean }> {
  const { view: id, name, q } = wanted
  if ((id === undefined) === (name === undefined || q === undefined))
    throw new InvalidRequest([{ path: 'view', message: 'takes either view, or name and q' }])
  if (id !== undefined) {
    const known = await parts.control.views.byId(id)
    if (known?.person === person) return { view: known, isNew: false }
    throw new InvalidRequest([{ path: 'view', message: 'is no saved search of yours' }])
  }
  const nowMs = parts.clock.nowMs()
  const view: SavedViewRow = {
    id: newControlId('sv', nowMs),
    person,
    name: name ?? '',
    page: 'exchanges',
    query: new URLSearchParams({ q: q ?? '' }).toString(),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1,
  }
  return { view, isNew: true }
}

/** Threat: an address typed here would make the gateway post to it; only what the operator named is a channel. */
function checkChannel(parts: ApiParts, channel: string): void {
  if (parts.alertChannels().includes(channel)) return
  const message = 'is no channel that custody.yaml has under approvals'
  throw new InvalidRequest([{ path: 'channel', message }])
}

function shown(row: SearchAlertRow, person: string): SearchAlert {
  const { person: owner, attempts: _attempts, version: _version, ...rest } = row
  return { ...rest, own: owner === person }
}
