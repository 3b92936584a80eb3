/** How much of a refusal is recorded on a disk that is nearly full: what is left is for the ends of exchanges that run. */
import type { Opening } from '../model/recorder.ts'

/** `whole` with its body, `head` without, `none`: only counted. */
export type RefusalRoom = 'whole' | 'head' | 'none'

/** Below the limit every request is refused, and callers send it again and again: their bodies would use up what is left. */
export function refusalRoom(freeBytes: number | null, freeBytesMin: number): RefusalRoom {
  if (freeBytes === null || freeBytes >= freeBytesMin) return 'whole'
  return freeBytes >= freeBytesMin / 2 ? 'head' : 'none'
}

export function withoutBody(opening: Opening): Opening {
  return { ...opening, body: { kind: 'none' } }
}
