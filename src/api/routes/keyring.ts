/** Serves the keys of the evidence and the steps that rotate and revoke them. */
import { fail } from '../../model/errors.ts'
import { listKeyringSteps, readKeyring, stepKeyring } from '../contract/keyring.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

const STEPS_MAX = 100

export function keyringRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(readKeyring), async (context) =>
    context.json(await parts.keyring.status(), 200),
  )
  app.openapi(guarded(listKeyringSteps), async (context) => {
    const rows = await parts.desk.index.keyringEvents(STEPS_MAX)
    const items = rows.map(({ id, event: { type, atMs, actor, details } }) => ({
      id,
      type,
      atMs,
      actor,
      details: { ...details },
    }))
    return context.json({ items }, 200)
  })
  app.openapi(guarded(stepKeyring), async (context) => {
    const { step, key, reason } = context.req.valid('json')
    if ((step === 'revoke-log-key') !== (key !== undefined))
      throw new InvalidRequest([
        { path: 'key', message: 'goes with revoke-log-key, and only there' },
      ])
    const { person } = context.get('signedIn')
    context.get('audit').add({ target: key ?? '', reason, details: { step } })
    const outcome = await parts.keyring.step(step, person.login, key)
    if (outcome.kind === 'refused') throw fail('api.conflict', `Not done: ${outcome.reason}.`)
    return context.json(outcome.status, 200)
  })
}
