/** Serves gateway keys: list with what is wrong with them, make, revoke, hand over, and their last use. */
import type { Context } from 'hono'
import {
  createKey as mintKey,
  listKeys as allKeys,
  revokeKey as revoke,
} from '../../identity/key-admin.ts'
import type { ListedKey } from '../../identity/key-admin.ts'
import { byLogin, keyStanding } from '../../identity/key-ownership.ts'
import { ciRunOf } from '../../incident/ci-run.ts'
import { fail } from '../../model/errors.ts'
import type { KeyRow } from '../../model/keys.ts'
import type { CreatedGatewayKey, GatewayKey } from '../contract/keys.ts'
import { createKey, handOverKey, listKeys, readKeyLastUse, revokeKey } from '../contract/keys.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { shownKey } from '../shown.ts'

export function keyRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { keys, clock } = parts
  app.openapi(guarded(listKeys), async (context) => {
    const { login } = context.get('signedIn').person
    const all = await allKeys(keys, clock)
    const seen = context.get('reach') === 'all' ? all : all.filter((key) => key.owner === login)
    return context.json({ items: await shownWithStanding(parts, seen) }, 200)
  })
  app.openapi(guarded(createKey), async (context) => {
    const { expiresInMs, ...wanted } = context.req.valid('json')
    const audit = context.get('audit')
    if (parts.keyRules().ownersArePeople) await refuseStranger(parts, wanted.owner)
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
    const { id } = await visibleKey(context, parts)
    const result = await revoke(keys, clock, id)
    if (result.kind === 'not-found') throw fail('api.not-found')
    return context.json(shownKey({ ...result.key, state: 'revoked' }), 200)
  })
  ownershipRoutes(registrar)
}

function ownershipRoutes({ app, parts, guarded }: Registrar): void {
  const { keys, clock, desk } = parts
  app.openapi(guarded(handOverKey), async (context) => {
    const known = await visibleKey(context, parts)
    const { owner } = context.req.valid('json')
    context.get('audit').add({ details: { from: known.owner, to: owner } })
    await refuseStranger(parts, owner)
    if ((await keys.handOver({ id: known.id }, owner)) === 0) throw fail('api.not-found')
    const after = (await allKeys(keys, clock)).filter(({ id }) => id === known.id)
    const [shown] = await shownWithStanding(parts, after)
    if (shown === undefined) throw fail('api.not-found')
    return context.json(shown, 200)
  })
  app.openapi(guarded(readKeyLastUse), async (context) => {
    const known = await visibleKey(context, parts)
    // What was refused used nothing.
    const used = { keyId: [known.id], state: ['complete', 'open', 'interrupted'] }
    const [row] = await desk.search.list({ values: used }, { limit: 1 })
    const reading = row === undefined ? null : await desk.recorded(row)
    await context.get('audit').shown({ target: row?.id ?? known.id, details: { key: known.id } })
    const facts = reading?.kind === 'recorded' ? reading.recorded.facts : null
    const nobody = { service: '', headers: {} }
    return context.json(
      {
        exchange: row?.id ?? null,
        atMs: row?.receivedAtMs ?? null,
        service: row?.service || row?.declaredService || '',
        remoteAddress: row?.remoteAddress ?? '',
        userAgent: row?.userAgent ?? '',
        model: row?.model ?? null,
        ...ciRunOf(facts?.principal ?? null, facts?.tags ?? nobody),
      },
      200,
    )
  })
}

/** The key named in the path; what one may not see is answered like what does not exist. */
async function visibleKey(context: Context<ApiEnv>, parts: ApiParts): Promise<KeyRow> {
  const id = context.req.param('id') ?? ''
  context.get('audit').add({ target: id })
  const known = await parts.keys.byId(id)
  const isMine = known?.owner === context.get('signedIn').person.login
  if (known === null || (context.get('reach') === 'own' && !isMine)) throw fail('api.not-found')
  return known
}

async function refuseStranger(parts: ApiParts, owner: string): Promise<void> {
  const person = await parts.control.people.byLogin(owner)
  if (person !== null && person.disabledAtMs === null) return
  throw new InvalidRequest([{ path: 'owner', message: 'is no active person here' }])
}

async function shownWithStanding(
  parts: ApiParts,
  keys: readonly ListedKey[],
): Promise<GatewayKey[]> {
  const people = byLogin(await parts.control.people.list())
  const rules = parts.keyRules()
  const nowMs = parts.clock.nowMs()
  return keys.map((key) => shownKey(key, keyStanding(key, people, rules, nowMs)))
}
