/** Serves hunts. What is looked for goes to the hunt desk and nowhere else. */
import { reachOf } from '../../identity/permissions.ts'
import type { SignedIn } from '../../identity/signed-in.ts'
import type { SeenHunt } from '../../incident/hunt/hunt-desk.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import { isKept } from '../../model/hunts.ts'
import type { HuntKind } from '../../model/hunts.ts'
import { beginHunt, cancelHunt, listHunts, readHunt, resumeHunt } from '../contract/hunts.ts'
import type { Hunt, HuntHead } from '../contract/hunts.ts'
import { queryOf } from '../filter-query.ts'
import type { ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

const LISTED = 100

export function huntRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(listHunts), async (context) => {
    const hunts = await parts.hunts.list(LISTED)
    return context.json({ items: hunts.map(shownHead) }, 200)
  })
  app.openapi(guarded(beginHunt), async (context) => {
    const { kind, text, title, q } = context.req.valid('json')
    const who = context.get('signedIn')
    checkKind(kind, who)
    const problem = parts.hunts.check(kind, text)
    if (problem !== null) throw new InvalidRequest([{ path: 'text', message: problem }])
    const query = queryOf({ q }, null, parts.clock.nowMs())
    const hunt = await parts.hunts.begin({
      kind,
      text,
      title,
      scope: q,
      query,
      person: who.person.id,
      personName: who.person.name,
    })
    await context.get('audit').shown({
      event: 'trace.searched',
      target: hunt.row.digest,
      details: { hunt: hunt.row.id, kind, scoped: q !== '' },
    })
    return context.json(shown(hunt), 201)
  })
  app.openapi(guarded(readHunt), async (context) => {
    const hunt = await parts.hunts.read(context.req.valid('param').id)
    const { id, summary } = hunt.row
    await context.get('audit').shown({ target: id, details: { exchanges: summary.exchanges } })
    const closed = await closedSamples(parts, context.get('signedIn').person.id, hunt)
    return context.json(shown(hunt, closed), 200)
  })
  app.openapi(guarded(cancelHunt), async (context) => {
    const { id } = context.req.valid('param')
    checkKind((await parts.hunts.read(id)).row.kind, context.get('signedIn'))
    context.get('audit').add({ target: id })
    return context.json(shown(await parts.hunts.cancel(id)), 200)
  })
  app.openapi(guarded(resumeHunt), async (context) => {
    const { id } = context.req.valid('param')
    const { row } = await parts.hunts.read(id)
    checkKind(row.kind, context.get('signedIn'))
    const hunt = await parts.hunts.resume(id, context.req.valid('json').text)
    await context.get('audit').shown({
      event: 'trace.searched',
      target: row.digest,
      details: { hunt: id, kind: row.kind, resumed: true },
    })
    return context.json(shown(hunt), 200)
  })
}

/** Whoever writes rules tries rules; looking for any text at all is for those who investigate. */
function checkKind(kind: HuntKind, { roles }: SignedIn): void {
  if (!isKept(kind) && reachOf('trace.search', roles) !== 'all') throw fail('api.forbidden')
}

function shownHead({ row, state }: SeenHunt): HuntHead {
  const {
    id,
    kind,
    title,
    digest,
    scope,
    personName,
    createdAtMs,
    updatedAtMs,
    bytes,
    bytesTotal,
  } = row
  const head = { id, kind, title, digest, scope, personName, createdAtMs, updatedAtMs }
  const { exchanges } = row.summary
  return { ...head, state, bytes, bytesTotal, texts: row.hits.length, exchanges }
}

/** Exchanges whose content one person alone does not read: nothing of what stands around a match is shown. */
async function closedSamples(
  { desk, accesses }: ApiParts,
  person: string,
  { row }: SeenHunt,
): Promise<ReadonlySet<string>> {
  const ids = row.summary.samples.map(({ exchange }) => exchange).filter(isExchangeId)
  const found = await accesses.restrictions(person, await desk.index.exchanges(ids))
  return new Set([...found].flatMap(([id, { access }]) => (access === null ? [id] : [])))
}

function shown(hunt: SeenHunt, closed: ReadonlySet<string> | null = null): Hunt {
  const { summary, source } = hunt.row
  return {
    ...shownHead(hunt),
    source,
    services: [...summary.services],
    principals: [...summary.principals],
    days: [...summary.days],
    samples: summary.samples.map((sample) =>
      closed === null || closed.has(sample.exchange) ? { ...sample, excerpt: '' } : { ...sample },
    ),
  }
}
