/** A gateway key as it is stored: never the key itself, only its hash and what it may do. */
import type { KeyId } from '../lib/ids.ts'

export interface KeyRow {
  readonly id: KeyId
  /** SHA-256 of the key text, 64 hex digits. The key has 256 random bits, so no slow hash is needed. */
  readonly hash: string
  /** First and last characters, to recognise a key by eye. */
  readonly hint: string
  readonly name: string
  readonly owner: string
  readonly service: string
  readonly allowedUpstreams: readonly string[] | null
  readonly allowedModels: readonly string[] | null
  readonly createdAtMs: number
  /** Null only when the operator asked for a key without expiry. */
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly lastUsedAtMs: number | null
}

export interface KeyTable {
  readonly insert: (row: KeyRow) => Promise<void>
  readonly byHash: (hash: string) => Promise<KeyRow | null>
  readonly byId: (id: string) => Promise<KeyRow | null>
  readonly list: () => Promise<readonly KeyRow[]>
  /** False when there is no such key or it was revoked before. */
  readonly revoke: (id: string, atMs: number) => Promise<boolean>
  /** Gives one key, or all of an owner, to somebody else; how many. Revoked ones keep the name they had. */
  readonly handOver: (
    which: { readonly id: string } | { readonly from: string },
    to: string,
  ) => Promise<number>
  /** Another text for the same key, which ends the one before. False when it was revoked. */
  readonly renew: (
    id: string,
    change: { readonly hash: string; readonly hint: string; readonly expiresAtMs: number },
  ) => Promise<boolean>
  /** False when it was over before: it ends now. */
  readonly expire: (id: string, atMs: number) => Promise<boolean>
  readonly touch: (uses: ReadonlyMap<KeyId, number>) => Promise<void>
  /**
   * A number that changes whenever any process changed a key (SQLite `PRAGMA data_version` plus own writes; PostgreSQL
   * LISTEN/NOTIFY). Cheap enough to ask on every request, so a revocation holds from the next request on.
   */
  readonly version: () => number
}
