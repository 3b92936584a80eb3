/** Sets, lists and releases locks of containment, for the control plane, the command line and whoever offboards a person. */
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import { readLinkedConversation } from '../model/linked-conversation.ts'
import type { LockKind, LockRow, LockTable } from '../model/containment.ts'
import { textProblem } from './text-problem.ts'

const VALUE_CHARS_MAX = 400
const REASON_CHARS_MAX = 500
const EXPIRES_IN_MAX_MS = 3650 * 24 * 60 * 60 * 1000
const LISTED_MAX = 1000

export interface LockRequest {
  readonly kind: LockKind
  readonly value: string
  /** Kept as evidence and shown to operators; never to the caller that is refused. */
  readonly reason: string
  /** Milliseconds from now; a lock without end says so. */
  readonly expiresInMs: number | 'never'
}

export interface LockProblem {
  readonly field: keyof LockRequest
  /** Completes "the <field> …"; quotes nothing of the value. */
  readonly problem: string
}

export type LockSetting =
  | { readonly kind: 'set'; readonly lock: LockRow }
  | { readonly kind: 'invalid'; readonly problems: readonly LockProblem[] }

export type LockState = 'held' | 'expired' | 'released'

export interface ListedLock extends LockRow {
  readonly state: LockState
}

export async function setLock(
  table: LockTable,
  clock: Clock,
  owner: string,
  request: LockRequest,
): Promise<LockSetting> {
  const problems = checkLock(request)
  if (problems.length > 0) return { kind: 'invalid', problems }
  const nowMs = clock.nowMs()
  const lock: LockRow = {
    id: newControlId('lk', nowMs),
    kind: request.kind,
    value: request.value,
    reason: request.reason,
    owner,
    createdAtMs: nowMs,
    expiresAtMs: request.expiresInMs === 'never' ? null : nowMs + request.expiresInMs,
    releasedAtMs: null,
    releasedBy: '',
    releaseReason: '',
  }
  await table.insert(lock)
  return { kind: 'set', lock }
}

export type LockReleaseResult =
  | { readonly kind: 'released'; readonly lock: LockRow }
  | { readonly kind: 'already-released'; readonly lock: LockRow }
  | { readonly kind: 'not-found' }

export async function releaseLock(
  table: LockTable,
  clock: Clock,
  id: string,
  release: { readonly by: string; readonly reason: string },
): Promise<LockReleaseResult> {
  const isReleased = await table.release(id, {
    atMs: clock.nowMs(),
    by: release.by,
    reason: release.reason.slice(0, REASON_CHARS_MAX),
  })
  const lock = await table.byId(id)
  if (lock === null) return { kind: 'not-found' }
  return { kind: isReleased ? 'released' : 'already-released', lock }
}

/** Newest first. */
export async function listLocks(
  table: LockTable,
  clock: Clock,
  which: 'held' | 'all',
): Promise<readonly ListedLock[]> {
  const nowMs = clock.nowMs()
  const rows =
    which === 'held'
      ? (await table.active(nowMs)).toReversed()
      : await table.list({ limit: LISTED_MAX })
  return rows.map((row) => ({ ...row, state: lockState(row, nowMs) }))
}

export function lockState(row: LockRow, nowMs: number): LockState {
  if (row.releasedAtMs !== null) return 'released'
  return row.expiresAtMs !== null && nowMs >= row.expiresAtMs ? 'expired' : 'held'
}

export function checkLock(request: LockRequest): readonly LockProblem[] {
  const problems: LockProblem[] = []
  const check = (field: keyof LockRequest, problem: string | null): void => {
    if (problem !== null) problems.push({ field, problem })
  }
  check('value', textProblem(request.value, 1, VALUE_CHARS_MAX) ?? valueProblem(request))
  check('reason', textProblem(request.reason, 1, REASON_CHARS_MAX))
  check('expiresInMs', expiryProblem(request.expiresInMs))
  return problems
}

/** A lock that can never hit anything is a false comfort. */
function valueProblem({ kind, value }: LockRequest): string | null {
  switch (kind) {
    case 'conversation':
      return /^cv_[0-9a-f]{26}$/.test(value) || readLinkedConversation(value) !== null
        ? null
        : 'is not the id of a conversation (cv_…), nor the name of what was said so far (cx_…)'
    case 'key':
      return /^(?:key_|ct_|[0-9a-f]{64}$)/.test(value)
        ? null
        : 'is not the id of a key (key_…) or token (ct_…), nor the SHA-256 of a client certificate'
    case 'finding':
      return /^\S+$/.test(value) ? null : 'is not the fingerprint of a finding'
    case 'principal':
    case 'person':
    case 'service':
    case 'upstream':
    case 'model':
      return null
  }
}

function expiryProblem(expiresInMs: number | 'never'): string | null {
  if (expiresInMs === 'never') return null
  if (!Number.isSafeInteger(expiresInMs) || expiresInMs <= 0) return 'is not in the future'
  if (expiresInMs <= EXPIRES_IN_MAX_MS) return null
  return 'is more than ten years away; say never when that is meant'
}
