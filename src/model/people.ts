/** People of the control plane, how they are logged in, and their tokens: hashes only, never what is hashed. */

export const ROLES = [
  'admin',
  'policy-author',
  'approver',
  'investigator',
  'auditor',
  'member',
] as const

export type Role = (typeof ROLES)[number]

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text)
}

export interface PersonRow {
  readonly id: string
  /** Unique; also the principal of their exchanges and the owner of their gateway keys. */
  readonly login: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly disabledAtMs: number | null
  readonly createdAtMs: number
  readonly lastLoginAtMs: number | null
  /** Grows with every change that is not a login. */
  readonly version: number
  /** Who says what roles the person has: `oidc:<provider>`, `saml:<provider>`, `scim:<client>`; empty: the console. */
  readonly managedBy: string
}

export interface PersonChange {
  readonly name: string
  readonly roles: readonly Role[]
  readonly disabledAtMs: number | null
  readonly login?: string
  readonly managedBy?: string
}

export interface PeopleTable {
  /** False when the login is taken. */
  readonly insert: (row: PersonRow) => Promise<boolean>
  /** Inserts only while there is nobody; two processes that start at once make one first admin. */
  readonly insertFirst: (row: PersonRow) => Promise<boolean>
  readonly byId: (id: string) => Promise<PersonRow | null>
  readonly byLogin: (login: string) => Promise<PersonRow | null>
  /** Oldest first. */
  readonly list: () => Promise<readonly PersonRow[]>
  /** Logins of those who are disabled. Each process reads them again with the locks, and when somebody is let back. */
  readonly disabled: () => Promise<readonly string[]>
  /**
   * Checked and written as one: nobody can take away the last active admin, whoever else writes at the same time,
   * except an identity provider, which also can give the role back.
   */
  readonly update: (
    id: string,
    version: number,
    change: PersonChange,
    by?: 'console' | 'provider',
  ) => Promise<'updated' | 'conflict' | 'last-admin' | 'not-found' | 'taken'>
  readonly loggedIn: (id: string, atMs: number) => Promise<void>
}

export interface LoginLinkRow {
  /** SHA-256 of the token, 64 hex digits. */
  readonly hash: string
  readonly person: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface LoginLinkTable {
  /** Links made earlier for the person end. */
  readonly replace: (row: LoginLinkRow) => Promise<void>
  /** Takes the link out: at most one caller ever gets it. */
  readonly take: (hash: string, nowMs: number) => Promise<LoginLinkRow | null>
}

export interface LoginSessionRow {
  readonly id: string
  readonly hash: string
  readonly person: string
  /** Name of the login method. */
  readonly method: string
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
  readonly address: string
  readonly userAgent: string
}

export interface LoginSessionTable {
  readonly insert: (row: LoginSessionRow) => Promise<void>
  readonly byHash: (hash: string) => Promise<LoginSessionRow | null>
  readonly byId: (id: string) => Promise<LoginSessionRow | null>
  /** Those not ended, newest first; `person` null means everybody's. */
  readonly active: (person: string | null, nowMs: number) => Promise<readonly LoginSessionRow[]>
  readonly seen: (id: string, atMs: number) => Promise<void>
  /** False when it had ended. */
  readonly end: (id: string, atMs: number) => Promise<boolean>
  readonly endAllOf: (person: string, atMs: number) => Promise<void>
}

export interface ApiTokenRow {
  readonly id: string
  readonly hash: string
  readonly hint: string
  readonly person: string
  readonly name: string
  /** At most these, and only while the person has them. */
  readonly roles: readonly Role[]
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly lastUsedAtMs: number | null
  readonly revokedAtMs: number | null
}

export interface ApiTokenTable {
  readonly insert: (row: ApiTokenRow) => Promise<void>
  readonly byHash: (hash: string) => Promise<ApiTokenRow | null>
  readonly byId: (id: string) => Promise<ApiTokenRow | null>
  /** Newest first. */
  readonly ofPerson: (person: string) => Promise<readonly ApiTokenRow[]>
  readonly used: (id: string, atMs: number) => Promise<void>
  /** False when it was revoked before. */
  readonly revoke: (id: string, atMs: number) => Promise<boolean>
  readonly revokeAllOf: (person: string, atMs: number) => Promise<void>
}
