/** Serves the clients that may provision people by SCIM. */
import { createScimClient as make, scimClientState } from '../../identity/scim/scim-clients.ts'
import { fail } from '../../model/errors.ts'
import type { ScimClientRow } from '../../model/scim.ts'
import type { CreatedScimClient, ScimClient } from '../contract/provisioning.ts'
import { createScimClient, listScimClients, revokeScimClient } from '../contract/provisioning.ts'
import { idempotent } from '../idempotent.ts'
import type { Registrar } from '../registrar.ts'
import { SCIM_PREFIX } from '../scim/door.ts'

export function provisioningRoutes({ app, parts, guarded }: Registrar): void {
  const { control, clock } = parts
  const url = (): string => `${parts.consoleUrl()}${SCIM_PREFIX}`
  const shown = (row: ScimClientRow, users: number): ScimClient => {
    const { hash: _hash, ...rest } = row
    return { ...rest, state: scimClientState(row, clock.nowMs()), users }
  }
  app.openapi(guarded(listScimClients), async (context) => {
    const users = await control.scim.users.list()
    const items = (await control.scim.clients.list()).map((row) =>
      shown(row, users.filter(({ client }) => client === row.id).length),
    )
    return context.json({ items, url: url() }, 200)
  })
  app.openapi(guarded(createScimClient), async (context) => {
    const wanted = context.req.valid('json')
    const created = await idempotent<CreatedScimClient>(
      context,
      parts,
      'scim-clients.create',
      async () => {
        const { client, text } = await make(control.scim.clients, clock, {
          ...wanted,
          createdBy: context.get('signedIn').person.login,
        })
        const answer = { client: shown(client, 0), url: url() }
        return { answer: { ...answer, text }, stored: { ...answer, text: null } }
      },
    )
    const { client } = created
    context.get('audit').add({ target: client.id, details: { name: client.name } })
    return context.json(created, 201)
  })
  app.openapi(guarded(revokeScimClient), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    await control.scim.clients.revoke(id, clock.nowMs())
    const row = (await control.scim.clients.list()).find((client) => client.id === id)
    if (row === undefined) throw fail('api.not-found')
    const users = await control.scim.users.list()
    return context.json(shown(row, users.filter(({ client }) => client === id).length), 200)
  })
}
