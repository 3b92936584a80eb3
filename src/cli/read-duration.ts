/** Reads a duration as people type it on the command line: `90d`, `12h`, `30m`, `45s`, `never`. */

export type DurationReading =
  | { readonly kind: 'duration'; readonly ms: number }
  | { readonly kind: 'never' }
  | { readonly kind: 'problem'; readonly message: string }

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

export function readDuration(text: string): DurationReading {
  if (text === 'never') return { kind: 'never' }
  const match = /^(\d{1,6})([smhdw])$/.exec(text)
  const unit = UNIT_MS[match?.[2] ?? '']
  if (match === null || unit === undefined)
    return { kind: 'problem', message: 'takes a number with s, m, h, d or w' }
  const ms = Number(match[1]) * unit
  return ms > 0 ? { kind: 'duration', ms } : { kind: 'problem', message: 'takes more than nothing' }
}
