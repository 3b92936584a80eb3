/** Devices that people let act for them: a login that waits for a yes in the console, and the grant that follows. */

export interface DeviceLoginRow {
  /** SHA-256 of the device code. */
  readonly hash: string
  /** What the person compares; unique while it waits. */
  readonly userCode: string
  /** What the device calls itself. */
  readonly client: string
  readonly address: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly state: 'pending' | 'approved' | 'denied'
  /** Who said yes; empty before. */
  readonly person: string
}

export interface DeviceGrantRow {
  readonly id: string
  /** SHA-256 of the grant's secret. */
  readonly hash: string
  readonly person: string
  readonly client: string
  /** The gateway key whose text is renewed with every refresh. */
  readonly keyId: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | null
}

export interface DeviceTable {
  /** Forgets logins that expired. False when the user code is taken. */
  readonly begin: (row: DeviceLoginRow) => Promise<boolean>
  readonly byUserCode: (code: string, nowMs: number) => Promise<DeviceLoginRow | null>
  readonly byHash: (hash: string) => Promise<DeviceLoginRow | null>
  /** False unless it was waiting. */
  readonly decide: (
    code: string,
    decision: { readonly state: 'approved' | 'denied'; readonly person: string },
    nowMs: number,
  ) => Promise<boolean>
  /** Takes a decided login out: one poll ever gets its grant. */
  readonly take: (hash: string) => Promise<DeviceLoginRow | null>
  readonly insertGrant: (row: DeviceGrantRow) => Promise<void>
  readonly grant: (hash: string) => Promise<DeviceGrantRow | null>
  readonly revokeGrantsOf: (person: string, atMs: number) => Promise<void>
}
