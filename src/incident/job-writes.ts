/** What background jobs that a table remembers have in common: writes in order, and when nobody is at one any more. */

/** Who has not been heard of for so long is gone. */
const SILENCE_MAX_MS = 15_000

export function isSilent(row: { readonly updatedAtMs: number }, nowMs: number): boolean {
  return nowMs - row.updatedAtMs > SILENCE_MAX_MS
}

/** Behind what is being written; again when it fails, since another thread may lock the database for a moment. */
export function writtenAfter(
  before: Promise<void>,
  write: () => Promise<void>,
  onFault: (error: unknown) => void,
): Promise<void> {
  return before.then(write).catch(write).catch(write).catch(onFault)
}
