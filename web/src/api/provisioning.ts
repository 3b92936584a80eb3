/** Provisioning clients: who may push people by SCIM. */
import { queryOptions } from '@tanstack/react-query'
import type {
  CreatedScimClient,
  ScimClient,
  createScimClient,
  listScimClients,
  revokeScimClient,
} from '../../../src/api/contract/provisioning.ts'
import { call } from './client.ts'

export type { CreatedScimClient, ScimClient }

export const scimClientsQuery = queryOptions({
  queryKey: ['scim-clients'],
  queryFn: ({ signal }): Promise<{ items: ScimClient[]; url: string }> =>
    call<typeof listScimClients>('get', '/scim-clients', { signal }),
})

export function makeScimClient(name: string): Promise<CreatedScimClient> {
  return call<typeof createScimClient>('post', '/scim-clients', { body: { name } })
}

export function endScimClient(id: string): Promise<ScimClient> {
  return call<typeof revokeScimClient>('post', '/scim-clients/{id}/revoke', { params: { id } })
}
