/** Durations and moments as people write them in the query bar. */

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds; null when it is no duration or longer than a century. */
export function readDuration(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/u.exec(text)
  if (match === null) return null
  const ms = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0)
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
