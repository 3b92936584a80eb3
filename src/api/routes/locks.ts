/** Serves containment: locks, what a lock would hit, and the release. */
import {
  listLocks as allLocks,
  lockState,
  releaseLock as release,
  setLock,
} from '../../identity/locks.ts'
import { previewOf } from '../../incident/lock-preview.ts'
import type { LockRow } from '../../model/containment.ts'
import { fail } from '../../model/errors.ts'
import type { PersonRow } from '../../model/people.ts'
import { createLock, listLocks, previewLock, releaseLock } from '../contract/locks.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

export function lockRoutes({ app, parts, guarded }: Registrar): void {
  const { clock } = parts
  const shown = (lock: LockRow) => ({ ...lock, state: lockState(lock, clock.nowMs()) })
  app.openapi(guarded(listLocks), async (context) => {
    const { which } = context.req.valid('query')
    return context.json({ items: [...(await allLocks(parts.control.locks, clock, which))] }, 200)
  })
  app.openapi(guarded(previewLock), async (context) => {
    const subject = context.req.valid('query')
    const preview = await previewOf(subject, {
      clock,
      search: parts.desk.search,
      keys: parts.keys,
      locks: parts.control.locks,
    })
    return context.json({ ...preview, locks: preview.locks.map(shown) }, 200)
  })
  app.openapi(guarded(createLock), async (context) => {
    const wanted = context.req.valid('json')
    const { login } = context.get('signedIn').person
    const result = await setLock(parts.control.locks, clock, login, wanted)
    if (result.kind === 'invalid') {
      throw new InvalidRequest(
        result.problems.map(({ field, problem }) => ({ path: field, message: problem })),
      )
    }
    const { lock } = result
    const { kind, value } = lock
    context.get('audit').add({ target: lock.id, reason: lock.reason, details: { kind, value } })
    const cut = await parts.containment.applied(lock.id)
    context.get('audit').add({ details: { cut } })
    return context.json({ lock: shown(lock), cut }, 201)
  })
  app.openapi(guarded(releaseLock), async (context) => {
    const { id } = context.req.valid('param')
    const { reason } = context.req.valid('json')
    const audit = context.get('audit')
    audit.add({ target: id, reason })
    const known = await parts.control.locks.byId(id)
    if (known === null) throw fail('api.not-found')
    const { person } = context.get('signedIn')
    if (isOn(known, person)) throw fail('api.own-lock')
    const result = await release(parts.control.locks, clock, id, { by: person.login, reason })
    if (result.kind === 'not-found') throw fail('api.not-found')
    audit.add({ details: { kind: result.lock.kind, value: result.lock.value } })
    await parts.containment.applied(id)
    return context.json(shown(result.lock), 200)
  })
}

/** Nobody lets themselves out. */
function isOn({ kind, value }: LockRow, { login, id }: PersonRow): boolean {
  return (kind === 'person' || kind === 'principal') && (value === login || value === id)
}
