/** Serves `/Groups` of SCIM. */
import type { Context } from 'hono'
import type { Attributes } from '../../identity/scim/attributes.ts'
import { readFilter } from '../../identity/scim/filter.ts'
import { etagOf, groupResource } from '../../identity/scim/resources.ts'
import {
  createGroup,
  deleteGroup,
  groupById,
  patchGroup,
  replaceGroup,
} from '../../identity/scim/scim-groups.ts'
import type { ScimGroupRow } from '../../model/scim.ts'
import { listAnswer, pageOf, trimmed } from './list-answer.ts'
import type { ScimDoor, ScimEnv } from './door.ts'

export function groupRoutes(door: ScimDoor): void {
  const { app, parts, json } = door
  const { scim } = parts.control
  const names = async (): Promise<ReadonlyMap<string, string>> =>
    new Map((await scim.users.list()).map(({ id, userName }) => [id, userName]))
  const shown = async (context: Context<ScimEnv>, row: ScimGroupRow): Promise<Attributes> =>
    trimmed(context, groupResource(row, await names(), door.base()))
  const ifMatch = (context: Context<ScimEnv>): string | null =>
    context.req.header('if-match') ?? null

  app.get('/Groups', async (context) => {
    const { startIndex, count } = pageOf(context)
    const text = context.req.query('filter')
    const filter = text === undefined || text === '' ? null : readFilter(text)
    const known = await names()
    const found = (await scim.groups.list())
      .map((row) => groupResource(row, known, door.base()))
      .filter((resource) => filter === null || filter.test(resource))
    const page = found.slice(startIndex - 1, startIndex - 1 + count)
    return json(
      context,
      listAnswer(
        page.map((resource) => trimmed(context, resource)),
        found.length,
        startIndex,
      ),
    )
  })
  app.post('/Groups', async (context) => {
    const row = await createGroup(parts, context.get('client'), await door.body(context))
    await door.audit(context, 'scim.group.create', row.id)
    context.header('location', `${door.base()}/Groups/${row.id}`)
    return json(context, await shown(context, row), 201, etagOf(row))
  })
  app.get('/Groups/:id', async (context) => {
    const row = await groupById(parts, context.req.param('id'))
    const etag = etagOf(row)
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, { etag })
    return json(context, await shown(context, row), 200, etag)
  })
  app.put('/Groups/:id', async (context) => {
    const change = { id: context.req.param('id'), ifMatch: ifMatch(context) }
    const written = await door.body(context)
    const row = await replaceGroup(parts, context.get('client'), { ...change, written })
    await door.audit(context, 'scim.group.update', row.id)
    return json(context, await shown(context, row), 200, etagOf(row))
  })
  app.patch('/Groups/:id', async (context) => {
    const change = { id: context.req.param('id'), ifMatch: ifMatch(context) }
    const body = await door.body(context)
    const row = await patchGroup(parts, context.get('client'), { ...change, body })
    await door.audit(context, 'scim.group.update', row.id)
    return json(context, await shown(context, row), 200, etagOf(row))
  })
  app.delete('/Groups/:id', async (context) => {
    const id = context.req.param('id')
    await deleteGroup(parts, context.get('client'), id)
    await door.audit(context, 'scim.group.delete', id)
    return context.body(null, 204)
  })
}
