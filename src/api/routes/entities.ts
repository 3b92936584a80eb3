/** Serves entity pages and findings grouped by value. */
import { lockState } from '../../identity/locks.ts'
import { reachOf } from '../../identity/permissions.ts'
import { casesAbout, entityProfile, entityQuery, locksOn } from '../../incident/entities.ts'
import type { EntityKind } from '../../incident/entities.ts'
import { prefixedFinding } from '../../incident/finding-name.ts'
import type { HoldRow } from '../../model/holds.ts'
import type { Entity } from '../contract/entities.ts'
import { listFindingGroups, readEntity } from '../contract/entities.ts'
import { queryOf } from '../filter-query.ts'
import type { ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'
import { shownHold } from './keeping.ts'

const HELD_LOOKED_AT = 200

export function entityRoutes({ app, parts, guarded }: Registrar): void {
  const { search } = parts.desk
  app.openapi(guarded(readEntity), async (context) => {
    const { kind, value } = context.req.valid('query')
    const owner = await ownerOf(context, parts)
    const { person, roles } = context.get('signedIn')
    const query = entityQuery(kind, value, owner)
    const { profile, peers } = await entityProfile(search, kind, query)
    const nowMs = parts.clock.nowMs()
    const seesLocks = owner === null && reachOf('locks.list', roles) === 'all'
    const locks = seesLocks ? await locksOn(parts.control.locks, kind, value, nowMs) : null
    const seesCases = owner === null && reachOf('cases.list', roles) === 'all'
    const seesHolds = owner === null && reachOf('holds.list', roles) === 'all'
    const { span, volumes, facets } = profile
    return context.json(
      {
        kind,
        value,
        name: owner === null ? await nameOf(parts, kind, value) : '',
        ...span,
        volumes: [...volumes],
        states: [...facets.fields.state],
        peers: peers.map(({ field, values }) => ({ field, values: [...values] })),
        locks: locks?.map((lock) => ({ ...lock, state: lockState(lock, nowMs) })) ?? null,
        holds: seesHolds ? await shownHolds(parts, query, person.id) : null,
        cases: seesCases ? await shownCases(parts, query, person.id) : null,
      },
      200,
    )
  })
  app.openapi(guarded(listFindingGroups), async (context) => {
    const { limit, ...filter } = context.req.valid('query')
    const query = queryOf(filter, await ownerOf(context, parts), parts.clock.nowMs())
    return context.json({ items: [...(await search.findingGroups(query, limit))] }, 200)
  })
}

async function nameOf(parts: ApiParts, kind: EntityKind, value: string): Promise<string> {
  if (kind === 'finding') return prefixedFinding(parts.desk.search, value)
  if (kind !== 'key') return ''
  const key = (await parts.keys.list()).find(({ id }) => id === value)
  return key === undefined ? '' : `${key.name} of ${key.owner}`
}

/** Those that cover anything of its newest exchanges. */
async function shownHolds(
  parts: ApiParts,
  query: ReturnType<typeof entityQuery>,
  person: string,
): Promise<Entity['holds']> {
  if ((await parts.keeping.holds.active()).length === 0) return []
  const rows = await parts.desk.search.list(query, { limit: HELD_LOOKED_AT })
  const held = await parts.keeping.holds.on(rows)
  const counted = new Map<HoldRow, number>()
  for (const hold of [...held.values()].flat()) counted.set(hold, (counted.get(hold) ?? 0) + 1)
  return [...counted].map(([hold, exchanges]) => ({ ...shownHold(hold, person), exchanges }))
}

/** Need to know: of a sealed case others are told that it is there. */
async function shownCases(
  parts: ApiParts,
  query: ReturnType<typeof entityQuery>,
  person: string,
): Promise<Entity['cases']> {
  const { cases } = parts.control
  const [rows, own] = await Promise.all([
    casesAbout(cases, parts.desk.index, query),
    cases.casesOf(person),
  ])
  return rows.map(({ id, number, title, status, sealed }) => ({
    id,
    number,
    title: sealed && !own.has(id) ? '' : title,
    status,
  }))
}
