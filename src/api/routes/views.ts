/** Serves saved views, each person their own. */
import { newControlId } from '../../lib/ids.ts'
import type { SavedViewRow } from '../../model/control.ts'
import { fail } from '../../model/errors.ts'
import type { SearchAlertRow } from '../../model/search-alerts.ts'
import type { SavedView } from '../contract/views.ts'
import { createView, deleteView, listViews, updateView } from '../contract/views.ts'
import { versionFrom } from '../etag.ts'
import { idempotent } from '../idempotent.ts'
import type { Registrar } from '../registrar.ts'
import { shownView } from '../shown.ts'
import { searchOf, watchable } from '../watched-search.ts'

const VIEWS_MAX = 200

export function viewRoutes({ app, parts, guarded }: Registrar): void {
  const { views, searchAlerts } = parts.control
  app.openapi(guarded(listViews), async (context) => {
    const rows = await views.ofPerson(context.get('signedIn').person.id)
    const alerts = await searchAlerts.onViews(rows.map(({ id }) => id))
    return context.json({ items: rows.map((row) => shownView(row, alerts)) }, 200)
  })
  app.openapi(guarded(createView), async (context) => {
    const wanted = context.req.valid('json')
    const person = context.get('signedIn').person.id
    const known = await views.ofPerson(person)
    if (known.length >= VIEWS_MAX) throw fail('api.conflict', `At most ${VIEWS_MAX} are kept.`)
    const nowMs = parts.clock.nowMs()
    const view = await idempotent<SavedView>(context, parts, 'views.create', async () => {
      const row: SavedViewRow = {
        id: newControlId('sv', nowMs),
        person,
        ...wanted,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        version: 1,
      }
      await views.insert(row)
      const answer = shownView(row, [])
      return { answer, stored: answer }
    })
    context.get('audit').add({ target: view.id })
    context.header('etag', view.etag)
    return context.json(view, 201)
  })
  app.openapi(guarded(updateView), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const { name, page, query } = context.req.valid('json')
    const version = versionFrom(context.req.valid('header')['if-match'])
    const known = await ownView(id, context.get('signedIn').person.id)
    if (known === null) throw fail('api.not-found')
    const row: SavedViewRow = {
      ...known,
      name: name ?? known.name,
      page: page ?? known.page,
      query: query ?? known.query,
      updatedAtMs: parts.clock.nowMs(),
      version: version + 1,
    }
    const alerts = await searchAlerts.onViews([id])
    const q = alerts.length === 0 ? searchOf(row) : watchable(row)
    if (!(await views.update(row, q))) throw fail('api.precondition')
    const view = shownView(row, alerts)
    if (alerts.length > 0) context.get('audit').add({ details: { alerts: alerts.length } })
    context.header('etag', view.etag)
    return context.json(view, 200)
  })
  app.openapi(guarded(deleteView), async (context) => {
    const { id } = context.req.valid('param')
    const person = context.get('signedIn').person.id
    const known = await ownView(id, person)
    const alerts = known === null ? [] : await searchAlerts.onViews([id])
    context.get('audit').add({ target: id, details: { alerts: alerts.length } })
    if (alerts.length > 0 && context.req.valid('query').alerts !== 'stop')
      throw fail('api.conflict', stopping(alerts))
    if (!(await views.remove(id, person))) throw fail('api.not-found')
    return context.body(null, 204)
  })

  async function ownView(id: string, person: string): Promise<SavedViewRow | null> {
    return (await views.ofPerson(person)).find((row) => row.id === id) ?? null
  }
}

function stopping(alerts: readonly SearchAlertRow[]): string {
  const told = alerts.map(({ channel }) => channel).join(', ')
  return `With it ${alerts.length === 1 ? 'an alert stops' : `${alerts.length} alerts stop`} that tells ${told}: say alerts=stop.`
}
