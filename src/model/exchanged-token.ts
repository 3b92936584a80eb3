/** A short-lived Custody token made from somebody else's token: bound to the same claims, revocable, cut by locks. */
import type { KeyId } from '../lib/ids.ts'
import type { Principal } from './principal.ts'

export interface ExchangedTokenRow {
  /** `ct_…`: the key id of its principal. */
  readonly id: KeyId
  /** SHA-256 of the token text, 64 hex digits. */
  readonly hash: string
  readonly principal: Principal
  readonly rule: string
  /** The grant it was made by: `token-exchange`, `jwt-bearer`, `saml2-bearer`. */
  readonly grantType: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | null
}

export interface ExchangedTokenTable {
  readonly insert: (row: ExchangedTokenRow) => Promise<void>
  readonly byHash: (hash: string) => Promise<ExchangedTokenRow | null>
  /** Neither revoked nor expired, newest first. */
  readonly active: (nowMs: number, limit: number) => Promise<readonly ExchangedTokenRow[]>
  /** False when there is none of this id, or it was revoked before. */
  readonly revoke: (id: string, atMs: number) => Promise<boolean>
  readonly removeExpired: (beforeMs: number) => Promise<void>
  readonly version: () => number
}
