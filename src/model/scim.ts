/** What SCIM clients provision: their own tokens, users as they sent them, groups and who is in them. */

export interface ScimClientRow {
  readonly id: string
  /** Of the token. */
  readonly hash: string
  readonly hint: string
  readonly name: string
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly lastUsedAtMs: number | null
  readonly revokedAtMs: number | null
}

export interface ScimClientTable {
  readonly insert: (row: ScimClientRow) => Promise<void>
  readonly byHash: (hash: string) => Promise<ScimClientRow | null>
  /** Oldest first. */
  readonly list: () => Promise<readonly ScimClientRow[]>
  readonly used: (id: string, atMs: number) => Promise<void>
  /** False when there is none or it was revoked before. */
  readonly revoke: (id: string, atMs: number) => Promise<boolean>
}

export interface ScimUserRow {
  /** Of the person. */
  readonly id: string
  readonly client: string
  /** Empty when the client sent none. */
  readonly externalId: string
  readonly userName: string
  /** What uniqueness and lookup go by: SCIM compares user names without case. */
  readonly userNameFolded: string
  /** JSON of the attributes, as they were sent and patched. */
  readonly attributes: string
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  /** The person stays, because evidence speaks of them; the user can come back. */
  readonly deletedAtMs: number | null
  readonly version: number
}

export interface ScimUserTable {
  /** False when a user of that name, or that person, is there. */
  readonly insert: (row: ScimUserRow) => Promise<boolean>
  /** Deleted ones too. */
  readonly byId: (id: string) => Promise<ScimUserRow | null>
  readonly byUserName: (folded: string) => Promise<ScimUserRow | null>
  /** Of several clients the one that came first. */
  readonly byExternalId: (externalId: string) => Promise<ScimUserRow | null>
  /** Without deleted ones, oldest first. */
  readonly list: () => Promise<readonly ScimUserRow[]>
  /** Writes the row where id and `version - 1` match. */
  readonly update: (row: ScimUserRow) => Promise<boolean>
}

export interface ScimGroupRow {
  readonly id: string
  readonly client: string
  readonly externalId: string
  readonly displayName: string
  /** Ids of persons. */
  readonly members: readonly string[]
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  readonly version: number
}

export interface ScimGroupTable {
  readonly insert: (row: ScimGroupRow) => Promise<void>
  readonly byId: (id: string) => Promise<ScimGroupRow | null>
  /** Oldest first. */
  readonly list: () => Promise<readonly ScimGroupRow[]>
  readonly update: (row: ScimGroupRow) => Promise<boolean>
  readonly remove: (id: string) => Promise<boolean>
}

export interface ScimTables {
  readonly clients: ScimClientTable
  readonly users: ScimUserTable
  readonly groups: ScimGroupTable
}
