/** How people prove to the console who they are with an identity provider: identities, logins under way, ways to log out. */
import type { Role } from './people.ts'

export type ProviderKind = 'oidc' | 'saml'

/**
 * Why a login at a provider ended without a person; each has a sentence on the login page.
 * - `unavailable`: the provider cannot be reached, or what it says of itself cannot be used
 * - `expired`: no login under way in this browser, or it took too long, or its answer was used before
 * - `declined`: the person said no, or the provider did
 * - `unproven`: the answer proves nothing, by signature, audience, issuer, time or shape
 * - `unlinked`: proven, but nobody here, and strangers are not let in; or the login is somebody else's
 * - `no-role`: proven, but none of the groups gives a role
 * - `disabled`: the person is
 */
export const LOGIN_PROBLEMS = [
  'unavailable',
  'expired',
  'declined',
  'unproven',
  'unlinked',
  'no-role',
  'disabled',
] as const

export type LoginProblem = (typeof LOGIN_PROBLEMS)[number]

/** Which groups of a provider give which role; null leaves the roles of a person as they are. */
export type RoleMapping = Readonly<Partial<Record<Role, readonly string[]>>> | null

/** What a provider has proven about somebody. Only `issuer` and `subject` say who it is; the rest is hearsay of theirs. */
export interface ProvenIdentity {
  readonly issuer: string
  readonly subject: string
  readonly login: string
  readonly name: string
  /** Null unless the provider says that it has checked the address. */
  readonly verifiedEmail: string | null
  /** Null when the provider did not speak of groups. */
  readonly groups: readonly string[] | null
  readonly logout: LogoutHint
}

/** What a provider wants to hear again at logout. */
export interface LogoutHint {
  /** ID token (OIDC) or name id with its format (SAML); kept sealed under the login session's own cookie. */
  readonly text: string
  /** SAML session index, or OIDC `sid`; empty when none. */
  readonly sessionIndex: string
}

export interface IdentityRow {
  readonly id: string
  readonly person: string
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  readonly createdAtMs: number
  readonly lastLoginAtMs: number
}

export interface IdentityTable {
  /** False when issuer and subject belong to somebody already. */
  readonly insert: (row: IdentityRow) => Promise<boolean>
  readonly find: (issuer: string, subject: string) => Promise<IdentityRow | null>
  readonly ofPerson: (person: string) => Promise<readonly IdentityRow[]>
  readonly used: (id: string, atMs: number) => Promise<void>
}

/** Groups of a person's last login at a provider, as far as approvals ask for them. */
export interface LoginGroupsRow {
  readonly person: string
  /** `oidc:<provider>`, `saml:<provider>`. */
  readonly provider: string
  readonly groups: readonly string[]
  readonly atMs: number
}

export interface LoginGroupsTable {
  /** In place of those of the login before, wherever it was. */
  readonly keep: (row: LoginGroupsRow) => Promise<void>
  readonly list: () => Promise<readonly LoginGroupsRow[]>
}

/** A login that went to a provider and has not come back. What must be secret is derived from the browser's cookie. */
export interface LoginAttemptRow {
  /** SHA-256 of the cookie. */
  readonly hash: string
  readonly provider: string
  /** Path inside the console where the person wanted to go. */
  readonly next: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface LoginAttemptTable {
  /** Forgets those that expired. */
  readonly insert: (row: LoginAttemptRow) => Promise<void>
  /** Takes the attempt out: at most one answer of a provider ever meets it, on whichever worker. */
  readonly take: (hash: string, nowMs: number) => Promise<LoginAttemptRow | null>
}

/** A thing that may be presented once, such as an assertion of a provider. */
export interface OnceTable {
  /** False when it was seen before; remembered until `expiresAtMs`, by every worker. */
  readonly claim: (name: string, nowMs: number, expiresAtMs: number) => Promise<boolean>
}

export interface LoginSessionHintRow {
  readonly loginSession: string
  readonly provider: string
  /** SHA-256 of issuer and subject: who a logout request of the provider speaks of. */
  readonly subjectHash: string
  readonly sessionIndexHash: string
  /** The logout hint, encrypted under a key that only the cookie of the session gives. */
  readonly sealed: string
}

export interface LoginSessionHintTable {
  readonly insert: (row: LoginSessionHintRow) => Promise<void>
  readonly byLoginSession: (id: string) => Promise<LoginSessionHintRow | null>
  /** Every session of the subject; only the one with this index when it is not empty. */
  readonly ofSubject: (
    provider: string,
    subjectHash: string,
    sessionIndexHash: string,
  ) => Promise<readonly LoginSessionHintRow[]>
}
