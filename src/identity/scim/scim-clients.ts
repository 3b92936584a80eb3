/** Tokens of provisioning clients: made by an admin, shown once, kept as a hash, good for nothing but SCIM. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type { ScimClientRow, ScimClientTable } from '../../model/scim.ts'
import { mintSecret, parseSecret } from '../secret-text.ts'

const USED_EVERY_MS = 60_000

export async function createScimClient(
  table: ScimClientTable,
  clock: Clock,
  request: {
    readonly name: string
    readonly createdBy: string
    readonly expiresInMs: number | null
  },
): Promise<{ readonly client: ScimClientRow; readonly text: string }> {
  const nowMs = clock.nowMs()
  const secret = mintSecret('csc_')
  const client: ScimClientRow = {
    id: newControlId('scc', nowMs),
    hash: secret.hash,
    hint: secret.hint,
    name: request.name,
    createdBy: request.createdBy,
    createdAtMs: nowMs,
    expiresAtMs: request.expiresInMs === null ? null : nowMs + request.expiresInMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
  }
  await table.insert(client)
  return { client, text: secret.text }
}

export type ScimClientState = 'active' | 'expired' | 'revoked'

export function scimClientState(client: ScimClientRow, nowMs: number): ScimClientState {
  if (client.revokedAtMs !== null) return 'revoked'
  return client.expiresAtMs !== null && client.expiresAtMs <= nowMs ? 'expired' : 'active'
}

/** Null for every token that is not one in force. */
export async function scimClientBy(
  table: ScimClientTable,
  clock: Clock,
  token: string,
): Promise<ScimClientRow | null> {
  const digest = parseSecret('csc_', token)
  const client = digest === null ? null : await table.byHash(digest)
  const nowMs = clock.nowMs()
  if (client === null || scimClientState(client, nowMs) !== 'active') return null
  if (nowMs - (client.lastUsedAtMs ?? 0) >= USED_EVERY_MS) await table.used(client.id, nowMs)
  return client
}
