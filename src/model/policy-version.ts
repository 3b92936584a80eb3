/** Versions of a policy that is edited in the console: immutable, numbered, each with its author and note. */

export interface PolicyVersionRow {
  /** From 1, without gaps. */
  readonly version: number
  /** SHA-256 of the text. */
  readonly hash: string
  readonly text: string
  /** Id of the person. */
  readonly author: string
  readonly authorName: string
  readonly note: string
  readonly createdAtMs: number
}

/** A policy file that was in force. */
export interface PolicyFileText {
  readonly hash: string
  readonly text: string
  readonly file: string
  readonly keptAtMs: number
}

export interface PolicyVersionTable {
  /** False when the version exists: somebody else was faster. */
  readonly insert: (row: PolicyVersionRow) => Promise<boolean>
  readonly latest: () => Promise<PolicyVersionRow | null>
  /** Keeps the text of a file, once for each hash. */
  readonly keepFile: (row: PolicyFileText) => Promise<void>
  /** Text of the version or of the file with this hash, and what people call it. */
  readonly byHash: (
    hash: string,
  ) => Promise<{ readonly text: string; readonly source: string } | null>
  readonly read: (version: number) => Promise<PolicyVersionRow | null>
  /** Newest first, without texts. */
  readonly list: (page: {
    readonly before: number | null
    readonly limit: number
  }) => Promise<readonly Omit<PolicyVersionRow, 'text'>[]>
}
