/** Serves the resources of one type of SCIM: what RFC 7644 asks of `/Users` and `/Groups` alike. */
import type { Context } from 'hono'
import type { Attributes } from '../../identity/scim/attributes.ts'
import { readFilter } from '../../identity/scim/filter.ts'
import { etagOf } from '../../identity/scim/resources.ts'
import type { ScimClientRow } from '../../model/scim.ts'
import { listAnswer, pageOf, trimmed } from './list-answer.ts'
import type { ScimDoor, ScimEnv } from './door.ts'

export interface Change {
  readonly id: string
  readonly ifMatch: string | null
}

export interface ResourceType<One> {
  readonly path: '/Users' | '/Groups'
  /** Those that the filter may find; it is asked again of each. */
  readonly candidates: (
    filter: ReturnType<typeof readFilter> | null,
  ) => Promise<readonly Attributes[]>
  readonly read: (id: string) => Promise<One>
  readonly create: (client: ScimClientRow, written: Attributes) => Promise<One>
  readonly replace: (
    client: ScimClientRow,
    change: Change & { readonly written: Attributes },
  ) => Promise<One>
  readonly patch: (
    client: ScimClientRow,
    change: Change & { readonly body: unknown },
  ) => Promise<One>
  readonly remove: (client: ScimClientRow, id: string) => Promise<void>
  readonly rowOf: (one: One) => { readonly id: string; readonly version: number }
  readonly shown: (one: One) => Promise<Attributes>
  /** Names of what was done, for the audit trail. */
  readonly deeds: {
    readonly create: string
    readonly change: (one: One) => string
    readonly remove: string
  }
}

export function resourceRoutes<One>(door: ScimDoor, type: ResourceType<One>): void {
  const { app, json } = door
  const { path, rowOf, deeds } = type
  const one = `${path}/:id` as const
  const answer = async (
    context: Context<ScimEnv>,
    made: One,
    status: 200 | 201 = 200,
  ): Promise<Response> =>
    json(context, trimmed(context, await type.shown(made)), status, etagOf(rowOf(made)))
  const changed = async (context: Context<ScimEnv>, made: One): Promise<Response> => {
    await door.audit(context, deeds.change(made), rowOf(made).id)
    return answer(context, made)
  }
  const changeOf = (context: Context<ScimEnv>, id: string): Change => ({
    id,
    ifMatch: context.req.header('if-match') ?? null,
  })

  app.get(path, async (context) => {
    const { startIndex, count } = pageOf(context)
    const text = context.req.query('filter')
    const filter = text === undefined || text === '' ? null : readFilter(text)
    const found = (await type.candidates(filter)).filter(
      (resource) => filter === null || filter.test(resource),
    )
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
  app.post(path, async (context) => {
    const made = await type.create(context.get('client'), await door.body(context))
    const { id } = rowOf(made)
    await door.audit(context, deeds.create, id)
    context.header('location', `${door.base()}${path}/${id}`)
    return answer(context, made, 201)
  })
  app.get(one, async (context) => {
    const found = await type.read(context.req.param('id'))
    const etag = etagOf(rowOf(found))
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, { etag })
    return answer(context, found)
  })
  app.put(one, async (context) => {
    const change = changeOf(context, context.req.param('id'))
    const written = await door.body(context)
    return changed(context, await type.replace(context.get('client'), { ...change, written }))
  })
  app.patch(one, async (context) => {
    const change = changeOf(context, context.req.param('id'))
    const body = await door.body(context)
    return changed(context, await type.patch(context.get('client'), { ...change, body }))
  })
  app.delete(one, async (context) => {
    const id = context.req.param('id')
    await type.remove(context.get('client'), id)
    await door.audit(context, deeds.remove, id)
    return context.body(null, 204)
  })
}
