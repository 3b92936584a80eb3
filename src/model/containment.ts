/** Containment: locks on what an exchange is or holds, and how the data plane asks for them. */

export const LOCK_KINDS = [
  'principal',
  'person',
  'key',
  'service',
  'upstream',
  'model',
  'conversation',
  'finding',
] as const

export type LockKind = (typeof LOCK_KINDS)[number]

export function isLockKind(text: string): text is LockKind {
  return LOCK_KINDS.some((kind) => kind === text)
}

/**
 * What a lock is on.
 * - `principal`: the id that exchanges are recorded under
 * - `person`: a human's login: what they send, what their keys and trust rules send, what names them as its actor
 * - `key`: id of a gateway key or of a token from the exchange
 * - `service`: proven by the credential, or declared by the caller
 * - `model`: a name, or a glob with `*`
 * - `conversation`: the `cv_` id of a conversation that was declared, or the `cx_` name of what was said up to a turn, which
 *   holds for that turn and for whatever continues it
 * - `finding`: keyed fingerprint of a value found in a request
 */
export interface LockSubject {
  readonly kind: LockKind
  readonly value: string
}

export interface LockRow extends LockSubject {
  readonly id: string
  readonly reason: string
  /** Login of who set it, or the name of the machinery that did. */
  readonly owner: string
  readonly createdAtMs: number
  /** Null: until somebody releases it. */
  readonly expiresAtMs: number | null
  readonly releasedAtMs: number | null
  /** Empty while it holds. */
  readonly releasedBy: string
  readonly releaseReason: string
}

export interface LockRelease {
  readonly atMs: number
  readonly by: string
  readonly reason: string
}

export interface LockTable {
  readonly insert: (row: LockRow) => Promise<void>
  readonly byId: (id: string) => Promise<LockRow | null>
  /** Newest first, held and released. */
  readonly list: (filter: {
    readonly limit: number
    readonly before?: string
  }) => Promise<readonly LockRow[]>
  /** Neither released nor expired at this time. */
  readonly active: (nowMs: number) => Promise<readonly LockRow[]>
  /** False when there is no such lock or it was released before. */
  readonly release: (id: string, release: LockRelease) => Promise<boolean>
  /** Changes whenever any process changed a lock; as cheap as `KeyTable.version`. */
  readonly version: () => number
}

/** What is known of an exchange so far; empty texts and lists match nothing. */
export interface ContainedFacts {
  readonly principal: string
  /** Logins of everybody behind the credential. */
  readonly people: readonly string[]
  /** Of the gateway key or exchanged token, and the fingerprint of the client certificate. */
  readonly keys: readonly string[]
  readonly services: readonly string[]
  readonly upstream: string
  readonly model: string
  readonly conversation: string
  /** Names of every turn that it continues, and of its own. Costs something: asked only while there is such a lock. */
  readonly linked: () => readonly string[]
  readonly findings: readonly string[]
}

export interface ContainmentView {
  /** How many locks there are; while it is 0 nothing need be asked. */
  readonly size: () => number
  /** A lock that holds for any of these. */
  readonly check: (facts: ContainedFacts) => LockRow | null
  /**
   * Null when the view is as new as every lock set so far; else a promise of whether it may be relied on: false when the
   * locks could not be read for longer than the operator allows.
   */
  readonly current: () => Promise<boolean> | null
  /** What happens to new exchanges when it may not be relied on. */
  readonly whenStale: () => 'refuse' | 'pass'
}
