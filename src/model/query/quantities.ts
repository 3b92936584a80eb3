/** Durations, moments, sizes and counts as people write them in a query. */

export type Unit = 'duration' | 'moment' | 'bytes' | 'count'

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** What each unit looks like, for whoever wrote something else. */
export const UNIT_HINTS: Readonly<Record<Unit, string>> = {
  duration: 'Write a duration: 500ms, 15m, 6h, 30d.',
  moment: 'Write a moment: 2026-11-23 or 2026-11-23T14:05Z.',
  bytes: 'Write a size: 512, 10kb, 2mb.',
  count: 'Write a whole number.',
}

/** Milliseconds; null when it is no duration or longer than a century. */
export function readDuration(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/u.exec(text)
  if (match === null) return null
  const ms = Number(match[1]) * (DURATIONS[match[2] ?? ''] ?? 0)
  return ms > 0 && ms <= 36_525 * 86_400_000 ? ms : null
}

/** Milliseconds since the epoch. A text without a zone is UTC, as everything is that the console shows. */
export function readMoment(text: string): number | null {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/u.exec(text)
  if (match === null) return null
  const [, day, minute = '00:00', second = '00', fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${day}T${minute}:${second}${fraction}${zone}`)
  return Number.isNaN(ms) || ms < 0 ? null : ms
}

/** The shortest text that `readMoment` reads as the same moment. */
export function formatMoment(ms: number): string {
  const text = new Date(ms).toISOString()
  if (ms % 86_400_000 === 0) return text.slice(0, 10)
  if (ms % 60_000 === 0) return `${text.slice(0, 16)}Z`
  return ms % 1_000 === 0 ? `${text.slice(0, 19)}Z` : text
}

function readBytes(text: string): number | null {
  const match = /^(\d{1,12})(b|kb|mb|gb)?$/iu.exec(text)
  if (match === null) return null
  const bytes = Number(match[1]) * (SIZES[(match[2] ?? 'b').toLowerCase()] ?? 1)
  return Number.isSafeInteger(bytes) ? bytes : null
}

function readCount(text: string): number | null {
  return /^\d{1,15}$/u.test(text) ? Number(text) : null
}

const READERS: Readonly<Record<Unit, (text: string) => number | null>> = {
  duration: readDuration,
  moment: readMoment,
  bytes: readBytes,
  count: readCount,
}

export function readQuantity(unit: Unit, text: string): number | null {
  return READERS[unit](text)
}
