/** Which time of the week it is in a zone; a function of its arguments. */
import type { Hours } from './rule.ts'

const formats = new Map<string, Intl.DateTimeFormat>()
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

export interface ZoneClock {
  /** Of the day. */
  readonly minute: number
  /** 0 is Sunday. */
  readonly day: number
}

export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export function clockIn(zone: string, atMs: number): ZoneClock {
  if (zone === 'UTC') {
    const minutes = Math.floor(atMs / 60_000)
    // The epoch began on a Thursday.
    return { minute: mod(minutes, 1440), day: mod(Math.floor(minutes / 1440) + 4, 7) }
  }
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]))
  return {
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
  }
}

/** A range over midnight belongs to the day on which it began. */
export function isWithin(hours: Hours, atMs: number): boolean {
  const { minute, day } = clockIn(hours.zone, atMs)
  const on = (which: number): boolean => hours.days.length === 0 || hours.days.includes(which)
  if (hours.from < hours.to) return on(day) && minute >= hours.from && minute < hours.to
  return (on(day) && minute >= hours.from) || (on((day + 6) % 7) && minute < hours.to)
}

const mod = (value: number, by: number): number => ((value % by) + by) % by
