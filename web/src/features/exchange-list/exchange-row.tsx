/** One row of the list: its columns side by side, or on a phone two lines; the whole of it is one link. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exchange } from '../../api/exchanges.ts'
import { formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge, StatusCode } from '../../ui/state-badge.tsx'
import { HeldMark } from '../keeping/held-mark.tsx'
import { IconChevronDown } from '@tabler/icons-react'
import { columnOf } from './columns.tsx'
import type { ColumnName } from './columns.tsx'
import type { PivotAsked } from './pivot-menu.tsx'
import { hasPivots } from './pivots.ts'
import classes from './exchange-table.module.css'

interface ExchangeRowProps {
  readonly exchange: Exchange | null
  readonly index: number
  readonly start: number
  readonly height: number
  readonly template: string
  readonly columns: readonly ColumnName[]
  readonly isNarrow: boolean
  readonly isActive: boolean
  readonly onActive: (index: number) => void
  readonly onPivot: (asked: PivotAsked) => void
}

export function ExchangeRow(props: ExchangeRowProps) {
  const {
    exchange,
    index,
    start,
    height,
    template,
    columns,
    isNarrow,
    isActive,
    onActive,
    onPivot,
  } = props
  const place = { transform: `translateY(${start}px)`, height }
  const common = {
    role: 'row',
    'aria-rowindex': index + 2,
    'data-index': index,
    'data-active': isActive || undefined,
  } as const
  if (exchange === null)
    return (
      <div {...common} className={classes.row} style={{ ...place, gridTemplateColumns: '1fr' }}>
        <span role="cell" aria-label="Loading">
          <span className={classes.loading} />
        </span>
      </div>
    )
  if (isNarrow)
    return (
      <div {...common} className={classes.narrow} style={place} data-id={exchange.id}>
        <NarrowCells exchange={exchange} onFocus={() => onActive(index)} />
      </div>
    )
  return (
    <div
      {...common}
      className={classes.row}
      style={{ ...place, gridTemplateColumns: template }}
      data-id={exchange.id}
      data-state={exchange.state}
    >
      {columns.map((name, at) => {
        const column = columnOf(name)
        return (
          <span key={name} role="cell" data-align={column.align} data-column={name}>
            {at === 0 ? (
              <OpenLink exchange={exchange} onFocus={() => onActive(index)}>
                {column.cell(exchange)}
              </OpenLink>
            ) : (
              column.cell(exchange)
            )}
            {hasPivots(exchange, name) && (
              <button
                type="button"
                className={classes.pivot}
                // Keys reach the buttons of the row that is chosen: a list of them all would never end.
                tabIndex={isActive ? 0 : -1}
                aria-label={`From this ${column.title.toLowerCase()}`}
                aria-haspopup="menu"
                onClick={({ currentTarget }) =>
                  onPivot({ exchange, column: name, button: currentTarget })
                }
              >
                <IconChevronDown size={13} stroke={2} aria-hidden="true" />
              </button>
            )}
          </span>
        )
      })}
    </div>
  )
}

interface OpenLinkProps {
  readonly exchange: Exchange
  readonly onFocus: () => void
  readonly children: ReactNode
}

/** Covers the whole row, so that it can be clicked anywhere and opened in a new tab. */
function OpenLink({ exchange, onFocus, children }: OpenLinkProps) {
  return (
    <Link
      to="/exchanges/$id"
      params={{ id: exchange.id }}
      className={classes.link}
      onFocus={onFocus}
    >
      {children}
    </Link>
  )
}

function NarrowCells({
  exchange,
  onFocus,
}: {
  readonly exchange: Exchange
  readonly onFocus: () => void
}) {
  return (
    <span role="cell" className={classes.card}>
      <span className={classes.cardLine}>
        <OpenLink exchange={exchange} onFocus={onFocus}>
          {exchange.principal === '' ? 'unknown' : visibleLine(exchange.principal, 60)}
        </OpenLink>
        <span>
          <StateBadge state={exchange.state} />
          <HeldMark holds={exchange.holds} />
        </span>
      </span>
      <span className={classes.cardLine}>
        <small>
          <Moment ms={exchange.receivedAtMs} short />
          {' · '}
          {visibleLine(exchange.model ?? exchange.surface, 60)}
        </small>
        <small>
          {exchange.durationMs === null ? '' : formatDuration(exchange.durationMs)}{' '}
          <StatusCode status={exchange.status} />
        </small>
      </span>
    </span>
  )
}
