/** Creates, lists and revokes gateway keys, for the command line and the control plane. */
import type { Clock } from '../lib/clock.ts'
import { newKeyId } from '../lib/ids.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import { mintKey } from './gateway-key.ts'
import { textProblem } from './text-problem.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** A key that nobody renews stops working: forgotten keys are the ones that leak. */
const DEFAULT_EXPIRES_IN_MS = 90 * DAY_MS
const EXPIRES_IN_MAX_MS = 3650 * DAY_MS
const NAME_CHARS_MAX = 100
const OWNER_CHARS_MAX = 200
const LIST_ITEMS_MAX = 100
const LIST_ITEM_CHARS_MAX = 200

export interface KeyRequest {
  readonly name: string
  /** Who answers for the key: becomes the principal of its exchanges. */
  readonly owner: string
  /** The service the key is bound to; empty when none. */
  readonly service: string
  /** Milliseconds from now; 90 days unless told. */
  readonly expiresInMs?: number | 'never'
  /** Null permits every upstream. */
  readonly allowedUpstreams: readonly string[] | null
  /** Names or globs with `*`; null permits every model. */
  readonly allowedModels: readonly string[] | null
}

export interface KeyProblem {
  readonly field: keyof KeyRequest
  /** Completes "the <field> …"; quotes nothing of the value. */
  readonly problem: string
}

export type KeyCreation =
  /** `text` is the key itself: shown once, kept nowhere. */
  | { readonly kind: 'created'; readonly text: string; readonly key: KeyRow }
  | { readonly kind: 'invalid'; readonly problems: readonly KeyProblem[] }

export async function createKey(
  table: KeyTable,
  clock: Clock,
  request: KeyRequest,
): Promise<KeyCreation> {
  const problems = checkRequest(request)
  if (problems.length > 0) return { kind: 'invalid', problems }
  const nowMs = clock.nowMs()
  const { expiresInMs = DEFAULT_EXPIRES_IN_MS } = request
  const minted = mintKey()
  const key: KeyRow = {
    id: newKeyId(nowMs),
    hash: minted.hash,
    hint: minted.hint,
    name: request.name,
    owner: request.owner,
    service: request.service,
    allowedUpstreams: request.allowedUpstreams,
    allowedModels: request.allowedModels,
    createdAtMs: nowMs,
    expiresAtMs: expiresInMs === 'never' ? null : nowMs + expiresInMs,
    revokedAtMs: null,
    lastUsedAtMs: null,
  }
  await table.insert(key)
  return { kind: 'created', text: minted.text, key }
}

export type KeyState = 'active' | 'expired' | 'revoked'

export interface ListedKey extends KeyRow {
  readonly state: KeyState
}

/** Oldest first. */
export async function listKeys(table: KeyTable, clock: Clock): Promise<readonly ListedKey[]> {
  const nowMs = clock.nowMs()
  const rows = await table.list()
  return rows.map((row) => ({ ...row, state: keyState(row, nowMs) }))
}

export type KeyRevocation =
  | { readonly kind: 'revoked'; readonly key: KeyRow }
  | { readonly kind: 'already-revoked'; readonly key: KeyRow }
  | { readonly kind: 'not-found' }

/** Holds from the next request on, in every process. */
export async function revokeKey(table: KeyTable, clock: Clock, id: string): Promise<KeyRevocation> {
  const isRevoked = await table.revoke(id, clock.nowMs())
  const key = await table.byId(id)
  if (key === null) return { kind: 'not-found' }
  return { kind: isRevoked ? 'revoked' : 'already-revoked', key }
}

function keyState(row: KeyRow, nowMs: number): KeyState {
  if (row.revokedAtMs !== null) return 'revoked'
  return row.expiresAtMs !== null && nowMs >= row.expiresAtMs ? 'expired' : 'active'
}

function checkRequest(request: KeyRequest): readonly KeyProblem[] {
  const problems: KeyProblem[] = []
  const check = (field: keyof KeyRequest, problem: string | null): void => {
    if (problem !== null) problems.push({ field, problem })
  }
  check('name', textProblem(request.name, 1, NAME_CHARS_MAX))
  check('owner', textProblem(request.owner, 1, OWNER_CHARS_MAX))
  check('service', textProblem(request.service, 0, NAME_CHARS_MAX))
  check('expiresInMs', expiryProblem(request.expiresInMs))
  check('allowedUpstreams', listProblem(request.allowedUpstreams))
  check('allowedModels', listProblem(request.allowedModels))
  return problems
}

function expiryProblem(expiresInMs: number | 'never' | undefined): string | null {
  if (expiresInMs === undefined || expiresInMs === 'never') return null
  if (!Number.isSafeInteger(expiresInMs) || expiresInMs <= 0) return 'is not in the future'
  if (expiresInMs <= EXPIRES_IN_MAX_MS) return null
  return 'is more than ten years away; say never when that is meant'
}

function listProblem(list: readonly string[] | null): string | null {
  if (list === null) return null
  if (list.length === 0) return 'is empty, which would permit nothing'
  if (list.length > LIST_ITEMS_MAX) return `has more than ${LIST_ITEMS_MAX} entries`
  for (const item of list) {
    const problem = textProblem(item, 1, LIST_ITEM_CHARS_MAX)
    if (problem !== null) return `has an entry that ${problem}`
  }
  return new Set(list).size === list.length ? null : 'names an entry twice'
}
