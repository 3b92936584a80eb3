/** Serves requests to read restricted content: asked, decided by another person, given back; each durable in evidence first. */
import { accessState } from '../../incident/restricted/access-desk.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { AccessRow } from '../../model/restricted.ts'
import type { Access } from '../contract/accesses.ts'
import { askAccess, decideAccess, endAccess, listAccesses } from '../contract/accesses.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiParts } from '../parts.ts'
import type { Owner } from '../../incident/exchange-desk.ts'
import { peopleById, type People } from '../people-by-id.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'

export function accessRoutes({ app, parts, guarded }: Registrar): void {
  const { accesses, clock } = parts
  app.openapi(guarded(listAccesses), async (context) => {
    const { cursor, limit, which } = context.req.valid('query')
    const self = context.get('signedIn').person.id
    const rows = await accesses.list({
      limit: limit + 1,
      ...(context.get('reach') === 'all' ? {} : { person: self }),
      ...(which === 'pending' ? { state: 'pending' as const } : {}),
      ...(cursor === undefined ? {} : { before: cursor }),
    })
    const people = await peopleById(parts)
    const items = rows.slice(0, limit)
    return context.json(
      {
        items: items
          .map((row) => shown(row, { people, self, nowMs: clock.nowMs() }))
          .filter(({ state }) => which === 'all' || state === 'pending'),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(askAccess), async (context) => {
    const { exchanges, reason, minutes } = context.req.valid('json')
    const self = context.get('signedIn').person.id
    const wanted = [...new Set(exchanges)]
    await rowsOf(parts, wanted, await ownerOf(context, parts))
    const access = await idempotent<Access>(context, parts, 'accesses.ask', async () => {
      await context.get('audit').shown({
        event: 'content.asked',
        target: wanted[0] ?? '',
        records: wanted,
        reason,
        details: { exchanges: wanted.length, minutes },
      })
      const row = await accesses.ask(self, { exchanges: wanted, reason, minutes })
      const people = await peopleById(parts)
      const answer = shown(row, { people, self, nowMs: clock.nowMs() })
      return { answer, stored: answer }
    })
    if (!context.get('audit').wasShown)
      await context.get('audit').shown({ target: access.id, reason })
    return context.json(access, 201)
  })
  app.openapi(guarded(decideAccess), async (context) => {
    const { id } = context.req.valid('param')
    const { verdict, reason } = context.req.valid('json')
    const self = context.get('signedIn').person.id
    const audit = context.get('audit')
    audit.add({ target: id, reason, details: { verdict } })
    const row = await accesses.mayDecide(id, self)
    const people = await peopleById(parts)
    // Said first: nothing is ever opened unsaid.
    await audit.shown({
      event: 'content.decided',
      target: id,
      records: row.exchanges,
      reason,
      details: { verdict, for: people.get(row.person)?.login ?? row.person, minutes: row.minutes },
    })
    const decided = await accesses.decide(row, self, { isGranted: verdict === 'grant', reason })
    return context.json(shown(decided, { people, self, nowMs: clock.nowMs() }), 200)
  })
  app.openapi(guarded(endAccess), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const self = context.get('signedIn').person.id
    if (!(await accesses.end(id, self))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}

/** Of exchanges that this person may see; whoever may not is told that there is none. */
async function rowsOf(
  parts: ApiParts,
  ids: readonly string[],
  owner: Owner,
): Promise<readonly ExchangeRow[]> {
  const rows: ExchangeRow[] = []
  for (const id of ids) {
    const row = isExchangeId(id) ? await parts.desk.row(id, owner) : null
    if (row === null) throw fail('api.not-found')
    rows.push(row)
  }
  return rows
}

interface Viewer {
  readonly people: People
  readonly self: string
  readonly nowMs: number
}

function shown(row: AccessRow, { people, self, nowMs }: Viewer): Access {
  const { exchanges, decidedBy, endedAtMs: _ended, ...rest } = row
  const state = accessState(row, nowMs)
  return {
    ...rest,
    exchanges: [...exchanges],
    personName: people.get(row.person)?.login ?? '',
    decidedByName: decidedBy === null ? '' : (people.get(decidedBy)?.login ?? ''),
    state,
    mayDecide: state === 'pending' && row.person !== self,
  }
}
