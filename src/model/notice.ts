/** What is told about approvals to the world outside: one row for each receiver of each step, kept until it was delivered. */

/** `dropped`: a person gave it up for good. */
export type NoticeState = 'due' | 'sent' | 'dead' | 'dropped'

export interface Notice {
  /** Approval, step and receiver: the same step is told once. */
  readonly id: string
  readonly approval: string
  readonly step: number
  /** `webhook NAME`, `slack`, `teams NAME` or `email`. */
  readonly receiver: string
  readonly state: NoticeState
  readonly attempts: number
  readonly dueAtMs: number
  readonly createdAtMs: number
  readonly sentAtMs: number | null
  readonly lastError: string
  /** What the receiver calls the message, so that it can be rewritten. */
  readonly reference: string
}

export interface NoticeTable {
  /** Keeps what is not there yet. */
  readonly add: (notices: readonly Notice[]) => Promise<void>
  /** Takes due notices for one worker until `untilMs`: nobody else gets them before. */
  readonly take: (nowMs: number, untilMs: number, limit: number) => Promise<readonly Notice[]>
  readonly sent: (id: string, atMs: number, reference: string) => Promise<void>
  readonly failed: (id: string, error: string, dueAtMs: number | null) => Promise<void>
  /** The message about the first step of an approval, where one was delivered. */
  readonly reference: (approval: string, receiver: string) => Promise<string | null>
  /** Newest first. */
  readonly dead: (limit: number) => Promise<readonly Notice[]>
  readonly deadCount: () => Promise<number>
  /** Dead ones are due once more, or dropped; gives the ids of those that were dead. */
  readonly settle: (
    ids: readonly string[],
    next: { readonly state: 'due'; readonly dueAtMs: number } | { readonly state: 'dropped' },
  ) => Promise<readonly string[]>
}
