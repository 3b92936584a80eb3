/** Reads a moment as people type it on the command line: `1h` (ago), `2026-11-22`, `2026-11-22T10:00:00Z`. */
import { readDuration } from './read-duration.ts'

export type MomentReading =
  | { readonly kind: 'moment'; readonly ms: number }
  | { readonly kind: 'problem'; readonly message: string }

const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i

/** A moment without a zone is UTC; a duration counts back from `nowMs`. */
export function readMoment(text: string, nowMs: number): MomentReading {
  const match = ISO.exec(text)
  if (match !== null) {
    const [, date = '', time = '00:00', zone = 'Z'] = match
    const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
    if (Number.isFinite(ms) && dayExists(date)) return { kind: 'moment', ms }
  }
  const ago = readDuration(text)
  if (ago.kind === 'duration') return { kind: 'moment', ms: nowMs - ago.ms }
  return {
    kind: 'problem',
    message: 'takes a duration such as 30m, 1h or 7d, or a UTC time such as 2026-11-22T10:00:00Z',
  }
}

/** `Date.parse` reads 31 February as 3 March. */
function dayExists(date: string): boolean {
  const ms = Date.parse(`${date}T00:00Z`)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date)
}
