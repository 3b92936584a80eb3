/** Serves erasures of a value. The value goes to the desk and nowhere else. */
import { reachOf } from '../../identity/permissions.ts'
import type { SignedIn } from '../../identity/signed-in.ts'
import type { SeenErasureJob } from '../../incident/keeping/erasure-jobs.ts'
import { fail } from '../../model/errors.ts'
import {
  EXCHANGES_SHOWN,
  beginErasureJob,
  cancelErasureJob,
  listErasureJobs,
  readErasureJob,
  resumeErasureJob,
  type ErasureJob,
  type ErasureJobHead,
} from '../contract/erasure-jobs.ts'
import { doerOf } from '../doer.ts'
import type { Registrar } from '../registrar.ts'

const LISTED = 100

export function erasureJobRoutes({ app, parts, guarded }: Registrar): void {
  const { erasureJobs } = parts.keeping
  app.openapi(guarded(listErasureJobs), async (context) => {
    const jobs = await erasureJobs.list(LISTED)
    return context.json({ items: jobs.map(shownHead) }, 200)
  })
  app.openapi(guarded(beginErasureJob), async (context) => {
    const { after = null, ...wanted } = context.req.valid('json')
    const who = context.get('signedIn')
    checkReader(who)
    const job = await erasureJobs.begin({ ...wanted, after, by: doerOf(who) })
    const { id, digest } = job.row
    await context.get('audit').shown({
      event: 'trace.searched',
      target: digest,
      reason: wanted.reason,
      details: { erasure: id, despiteMinimum: wanted.despiteMinimum, dryRun: wanted.dryRun },
    })
    return context.json(shown(job), 201)
  })
  app.openapi(guarded(readErasureJob), async (context) => {
    const job = await erasureJobs.read(context.req.valid('param').id)
    const { id, found } = job.row
    await context.get('audit').shown({ target: id, details: { exchanges: found.length } })
    return context.json(shown(job), 200)
  })
  app.openapi(guarded(cancelErasureJob), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    return context.json(shown(await erasureJobs.cancel(id)), 200)
  })
  app.openapi(guarded(resumeErasureJob), async (context) => {
    const { id } = context.req.valid('param')
    checkReader(context.get('signedIn'))
    const job = await erasureJobs.resume(id, context.req.valid('json').value)
    await context.get('audit').shown({
      event: 'trace.searched',
      target: job.row.digest,
      details: { erasure: id, resumed: true },
    })
    return context.json(shown(job), 200)
  })
}

/** Whoever may not read content must not ask where a text stands. */
function checkReader({ roles }: SignedIn): void {
  if (reachOf('content.reveal', roles) !== 'all') throw fail('api.forbidden')
}

function shownHead({ row, state }: SeenErasureJob): ErasureJobHead {
  const { person: _person, place: _place, found, erasures: _e, refusals: _r, ...head } = row
  return { ...head, state, found: found.length }
}

function shown(job: SeenErasureJob): ErasureJob {
  const { found, erasures, refusals } = job.row
  return {
    ...shownHead(job),
    exchanges: found.slice(0, EXCHANGES_SHOWN),
    erasures: [...erasures],
    refusals: [...refusals],
  }
}
