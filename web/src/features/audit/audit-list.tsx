/** The trail as a list of which only the rows in sight exist; more is fetched as its end comes near. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { AuditEvent } from '../../api/operations.ts'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { deedOf } from './operations.ts'
import classes from './audit-list.module.css'

interface AuditListProps {
  readonly events: readonly AuditEvent[]
  readonly isNarrow: boolean
  readonly hasMore: boolean
  readonly onMore: () => void
  readonly onOpen: (event: AuditEvent) => void
}

const ROW_PX = 36
const NARROW_ROW_PX = 66
const NEAR_END_ROWS = 30

export function AuditList({ events, isNarrow, hasMore, onMore, onOpen }: AuditListProps) {
  const frame = useRef<HTMLDivElement>(null)
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX
  const virtualizer = useVirtualizer({
    count: events.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPx,
    overscan: 12,
  })
  useEffect(() => virtualizer.measure(), [virtualizer, rowPx])
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= events.length - NEAR_END_ROWS) onMore()
  }, [hasMore, last, events.length, onMore])
  return (
    <div className={classes.frame} ref={frame} tabIndex={0} role="region" aria-label="Audit trail">
      <ul className={classes.body} style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, start }) => {
          const event = events[index]
          if (event === undefined) return null
          return (
            <li
              key={event.id}
              aria-setsize={hasMore ? -1 : events.length}
              aria-posinset={index + 1}
              style={{ height: rowPx, transform: `translateY(${start}px)` }}
            >
              <button type="button" className={classes.row} onClick={() => onOpen(event)}>
                <Cells event={event} />
              </button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function Cells({ event }: { readonly event: AuditEvent }) {
  const { personName, operation, target, reason, outcome } = event
  return (
    <>
      <span className={classes.time}>
        <Moment ms={event.atMs} />
      </span>
      <span className={classes.deed}>
        <strong>{personName === '' ? 'Nobody known' : visibleLine(personName, 60)}</strong>{' '}
        {visibleLine(deedOf(operation), 60)}
        {reason !== '' && <q className={classes.reason}>{visibleLine(reason, 160)}</q>}
      </span>
      <span className={classes.target}>{visibleLine(target, 40)}</span>
      <span className={classes.outcome}>
        <StateBadge state={outcome} />
      </span>
    </>
  )
}
