/** Serves `/Users` of SCIM. */
import type { Context } from 'hono'
import type { Attributes } from '../../identity/scim/attributes.ts'
import { readFilter } from '../../identity/scim/filter.ts'
import { etagOf, userResource } from '../../identity/scim/resources.ts'
import type { ScimUser } from '../../identity/scim/resources.ts'
import {
  createUser,
  deleteUser,
  folded,
  patchUser,
  readUserById,
  replaceUser,
} from '../../identity/scim/scim-users.ts'
import type { ScimUserRow } from '../../model/scim.ts'
import { listAnswer, pageOf, trimmed } from './list-answer.ts'
import type { ScimDoor, ScimEnv } from './door.ts'

export function userRoutes(door: ScimDoor): void {
  const { app, parts, json } = door
  const { scim } = parts.control
  const shown = async (context: Context<ScimEnv>, user: ScimUser): Promise<Attributes> =>
    trimmed(context, userResource(user, await scim.groups.list(), door.base()))
  const ifMatch = (context: Context<ScimEnv>): string | null =>
    context.req.header('if-match') ?? null

  app.get('/Users', async (context) => {
    const { startIndex, count } = pageOf(context)
    const found = await matching(door, context.req.query('filter'))
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
  app.post('/Users', async (context) => {
    const user = await createUser(parts, context.get('client'), await door.body(context))
    await door.audit(context, 'scim.user.create', user.row.id)
    context.header('location', `${door.base()}/Users/${user.row.id}`)
    return json(context, await shown(context, user), 201, etagOf(user.row))
  })
  app.get('/Users/:id', async (context) => {
    const user = await readUserById(parts, context.req.param('id'))
    const etag = etagOf(user.row)
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, { etag })
    return json(context, await shown(context, user), 200, etag)
  })
  app.put('/Users/:id', async (context) => {
    const change = { id: context.req.param('id'), ifMatch: ifMatch(context) }
    const written = await door.body(context)
    const user = await replaceUser(parts, context.get('client'), { ...change, written })
    await door.audit(context, deed(user), user.row.id)
    return json(context, await shown(context, user), 200, etagOf(user.row))
  })
  app.patch('/Users/:id', async (context) => {
    const change = { id: context.req.param('id'), ifMatch: ifMatch(context) }
    const body = await door.body(context)
    const user = await patchUser(parts, context.get('client'), { ...change, body })
    await door.audit(context, deed(user), user.row.id)
    return json(context, await shown(context, user), 200, etagOf(user.row))
  })
  app.delete('/Users/:id', async (context) => {
    const id = context.req.param('id')
    await deleteUser(parts, context.get('client'), id)
    await door.audit(context, 'scim.user.delete', id)
    return context.body(null, 204)
  })
}

function deed({ person }: ScimUser): string {
  return person.disabledAtMs === null ? 'scim.user.update' : 'scim.user.deactivate'
}

/** What every sync asks for, one user by name or by its own id, is answered by an index. */
async function matching(
  { parts, base }: ScimDoor,
  text: string | undefined,
): Promise<readonly Attributes[]> {
  const { scim, people } = parts.control
  const filter = text === undefined || text === '' ? null : readFilter(text)
  const rows = await candidates(parts, filter?.equal ?? null)
  const groups = await scim.groups.list()
  const byId = new Map((await people.list()).map((person) => [person.id, person]))
  return rows
    .flatMap((row) => {
      const person = byId.get(row.id)
      return person === undefined ? [] : [userResource({ row, person }, groups, base())]
    })
    .filter((resource) => filter === null || filter.test(resource))
}

async function candidates(
  { control }: ScimDoor['parts'],
  equal: { readonly attribute: string; readonly value: string } | null,
): Promise<readonly ScimUserRow[]> {
  const { users } = control.scim
  const one = async (row: Promise<ScimUserRow | null>): Promise<readonly ScimUserRow[]> => {
    const found = await row
    return found === null || found.deletedAtMs !== null ? [] : [found]
  }
  if (equal?.attribute === 'username') return one(users.byUserName(folded(equal.value)))
  if (equal?.attribute === 'id') return one(users.byId(equal.value))
  return users.list()
}
