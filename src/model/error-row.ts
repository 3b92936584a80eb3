/** One row of the error table. */

export interface ErrorRow {
  readonly status: number
  /** Plain sentence for the caller. Details may be appended by `fail`. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
  /** May the same request succeed when sent again? Drives `x-should-retry`. */
  readonly retryable: boolean
}

export const row = (
  status: number,
  message: string,
  hint: string,
  retryable = false,
): ErrorRow => ({
  status,
  message,
  hint,
  retryable,
})
