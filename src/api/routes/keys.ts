/** Serves gateway keys. */
import {
  createKey as mintKey,
  listKeys as allKeys,
  revokeKey as revoke,
} from '../../identity/key-admin.ts'
import { fail } from '../../model/errors.ts'
import type { CreatedGatewayKey } from '../contract/keys.ts'
import { createKey, listKeys, revokeKey } from '../contract/keys.ts'
import { idempotent } from '../idempotent.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { shownKey } from '../shown.ts'

export function keyRoutes({ app, parts, guarded }: Registrar): void {
  const { keys, clock } = parts
  app.openapi(guarded(listKeys), async (context) => {
    const { login } = context.get('signedIn').person
    const all = await allKeys(keys, clock)
    const seen = context.get('reach') === 'all' ? all : all.filter((key) => key.owner === login)
    return context.json({ items: seen.map(shownKey) }, 200)
  })
  app.openapi(guarded(createKey), async (context) => {
    const { expiresInMs, ...wanted } = context.req.valid('json')
    const audit = context.get('audit')
    const created = await idempotent<CreatedGatewayKey>(context, parts, 'keys.create', async () => {
      const result = await mintKey(keys, clock, {
        ...wanted,
        ...(expiresInMs === undefined ? {} : { expiresInMs }),
      })
      if (result.kind === 'invalid') {
        throw new InvalidRequest(
          result.problems.map(({ field, problem }) => ({ path: field, message: problem })),
        )
      }
      const key = shownKey({ ...result.key, state: 'active' })
      return { answer: { key, text: result.text }, stored: { key, text: null } }
    })
    const { key } = created
    audit.add({ target: key.id, details: { owner: key.owner, service: key.service } })
    return context.json(created, 201)
  })
  app.openapi(guarded(revokeKey), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const known = await keys.byId(id)
    const isMine = known?.owner === context.get('signedIn').person.login
    if (known === null || (context.get('reach') === 'own' && !isMine)) throw fail('api.not-found')
    const result = await revoke(keys, clock, id)
    if (result.kind === 'not-found') throw fail('api.not-found')
    return context.json(shownKey({ ...result.key, state: 'revoked' }), 200)
  })
}
