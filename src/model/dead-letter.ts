/** What was given up on its way to a receiver, as people see it: what it was about and why, never what it said or where to. */

export interface DeadLetter {
  readonly id: string
  /** `event` for a sink under `exports`, `notice` for a receiver of approvals, `alert` for one of alerts on searches. */
  readonly kind: 'event' | 'notice' | 'alert'
  /** By its name in custody.yaml. */
  readonly receiver: string
  readonly type: string
  /** Id of the event, the approval or the alert. */
  readonly about: string
  readonly attempts: number
  /** The kind of the last failure. */
  readonly error: string
  readonly sinceMs: number
}

export interface DeadLetterDesk {
  /** Newest first; `total` counts those too that are not listed. */
  readonly list: (limit: number) => Promise<{
    readonly items: readonly DeadLetter[]
    readonly total: number
  }>
  /** Each is sent once more; what fails again comes back. Gives the ids of those that waited. */
  readonly retry: (ids: readonly string[]) => Promise<readonly string[]>
  /** They will never be sent. Gives the ids of those that waited. */
  readonly drop: (ids: readonly string[]) => Promise<readonly string[]>
}
