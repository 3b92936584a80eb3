/** Looks into a long text slice by slice, and lets the event loop turn between two of them. */
import { setImmediate as turn } from 'node:timers/promises'

/** Characters that are looked into at once on the event loop: at some ten megabytes a second more would be felt by others. */
export const SLICE_UNITS = 32 * 1024

/** Calls `take` with the slices in order until it says that it wants no more. `isLast` with the last of them. */
export async function inSlices(
  text: string,
  take: (slice: string, isLast: boolean) => boolean,
): Promise<void> {
  for (let from = 0; ; from += SLICE_UNITS) {
    const isLast = from + SLICE_UNITS >= text.length
    if (!take(text.slice(from, from + SLICE_UNITS), isLast) || isLast) return
    await turn()
  }
}
