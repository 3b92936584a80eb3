/** The events of a streamed answer with the moment at which the chunk that completed each of them arrived. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from '@tanstack/react-router'
import { replayQuery } from '../../api/content.ts'
import type { Mode, ReplayStep, Side } from '../../api/content.ts'
import { formatBytes } from '../../ui/format.ts'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { formatMomentOf } from '../replay/timeline.ts'
import { splitEvents } from './bytes.ts'
import classes from './event-list.module.css'

interface EventListProps {
  readonly id: string
  readonly mode: Mode
  readonly side: Side
  readonly bytes: Uint8Array
  readonly offset: number
}

const SHOWN_MAX = 400

export function EventList({ id, mode, side, bytes, offset }: EventListProps) {
  const replay = useQuery(replayQuery(id, mode, side))
  const events = useMemo(() => splitEvents(bytes, offset), [bytes, offset])
  const steps = replay.data?.steps ?? []
  return (
    <div className={classes.events} tabIndex={0} role="region" aria-label="Body as events">
      <ol>
        {events.slice(0, SHOWN_MAX).map((event) => {
          const atMs = arrivalOf(steps, event.end)
          return (
            <li key={event.start}>
              {atMs === null ? (
                <span className={classes.time} />
              ) : (
                <Link
                  className={classes.time}
                  to="/exchanges/$id/replay"
                  params={{ id }}
                  search={{ t: formatMomentOf(atMs) }}
                  title={`Replay from here; ${formatBytes(event.end - event.start)}`}
                >
                  {(atMs / 1_000).toFixed(3)} s
                </Link>
              )}
              <RecordedText text={event.text} />
            </li>
          )
        })}
      </ol>
      {events.length > SHOWN_MAX && (
        <p className={classes.more}>
          {events.length - SHOWN_MAX} more events are in the text view.
        </p>
      )}
    </div>
  )
}

/** Steps ascend by offset: the first that reaches the end of the event completed it. */
function arrivalOf(steps: readonly ReplayStep[], end: number): number | null {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    const step = steps[middle]
    if (step !== undefined && step.offset + step.bytes < end) low = middle + 1
    else high = middle
  }
  return steps[low]?.atMs ?? null
}
