/** A moment in UTC; the reader's own time zone is in the tooltip. */
import { formatDateTime, formatTime } from './format.ts'

interface MomentProps {
  readonly ms: number
  readonly short?: boolean
  /** Only the day, where the hour does not matter. */
  readonly day?: boolean
}

export function Moment({ ms, short = false, day = false }: MomentProps) {
  const local = new Date(ms).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' })
  return (
    <time dateTime={new Date(ms).toISOString()} title={`${formatDateTime(ms)} UTC\n${local}`}>
      {day ? formatDateTime(ms).slice(0, 10) : short ? formatTime(ms) : `${formatDateTime(ms)} UTC`}
    </time>
  )
}
