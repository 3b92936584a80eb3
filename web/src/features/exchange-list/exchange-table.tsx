/** The list of exchanges: only the rows in sight exist, whatever its length. */
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Exchange } from '../../api/exchanges.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge, StatusCode } from '../../ui/state-badge.tsx'
import { columnOf } from './columns.tsx'
import type { ColumnName } from './columns.tsx'
import classes from './exchange-table.module.css'

export interface TableRows {
  readonly length: number
  readonly at: (index: number) => Exchange | null
}

interface ExchangeTableProps {
  readonly rows: TableRows
  readonly columns: readonly ColumnName[]
  readonly isNarrow: boolean
  readonly active: number
  readonly onActive: (index: number) => void
  readonly onView: (first: number, last: number, isAtTop: boolean) => void
  /** Grows when the list begins anew and should be shown from its top. */
  readonly topTick: number
}

const ROW_PX = 32
const NARROW_ROW_PX = 60
const COLUMN_GAP_PX = 12
const ROW_PADDING_PX = 14

export function ExchangeTable(props: ExchangeTableProps) {
  const { rows, columns, isNarrow, active, onActive, onView, topTick } = props
  const frame = useRef<HTMLDivElement>(null)
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPx,
    overscan: 12,
  })
  const shown = virtualizer.getVirtualItems()
  const first = shown[0]?.index ?? 0
  const last = shown.at(-1)?.index ?? 0
  // Rows do not move under a person who has chosen one of them.
  const isAtTop = (virtualizer.scrollOffset ?? 0) < rowPx && active < 0
  useEffect(() => onView(first, last, isAtTop), [first, last, isAtTop, onView])
  useEffect(() => virtualizer.measure(), [rowPx, virtualizer])
  useEffect(() => {
    frame.current?.scrollTo({ top: 0 })
  }, [topTick])
  useEffect(() => {
    if (active < 0) return
    virtualizer.scrollToIndex(active, { align: 'auto' })
    // The row exists only after the scroll has been drawn.
    const drawn = requestAnimationFrame(() =>
      frame.current
        ?.querySelector<HTMLElement>(`[data-index="${active}"] a`)
        ?.focus({ preventScroll: true }),
    )
    return () => cancelAnimationFrame(drawn)
  }, [active, virtualizer])
  const template = columns.map((name) => columnOf(name).width).join(' ')
  const minWidth = isNarrow ? 0 : widthOf(columns)
  return (
    <div
      ref={frame}
      className={classes.frame}
      role="table"
      aria-label="Exchanges, newest first"
      aria-rowcount={rows.length + 1}
      tabIndex={0}
    >
      {!isNarrow && (
        <div role="rowgroup" className={classes.head} style={{ minWidth }}>
          <div role="row" className={classes.row} style={{ gridTemplateColumns: template }}>
            {columns.map((name) => (
              <span key={name} role="columnheader" data-align={columnOf(name).align}>
                {columnOf(name).title}
              </span>
            ))}
          </div>
        </div>
      )}
      <div
        role="rowgroup"
        className={classes.body}
        style={{ height: virtualizer.getTotalSize(), minWidth }}
      >
        {shown.map((item) => (
          <Row
            key={item.index}
            exchange={rows.at(item.index)}
            index={item.index}
            start={item.start}
            height={rowPx}
            template={template}
            columns={columns}
            isNarrow={isNarrow}
            isActive={item.index === active}
            onActive={onActive}
          />
        ))}
      </div>
    </div>
  )
}

/** Rows are as wide as their columns at their narrowest, so that a small window scrolls sideways. */
function widthOf(columns: readonly ColumnName[]): number {
  const widths = columns.map((name) => Number(/\d+/u.exec(columnOf(name).width)?.[0] ?? 0))
  return widths.reduce(
    (sum, width) => sum + width + COLUMN_GAP_PX,
    2 * ROW_PADDING_PX - COLUMN_GAP_PX,
  )
}

interface RowProps {
  readonly exchange: Exchange | null
  readonly index: number
  readonly start: number
  readonly height: number
  readonly template: string
  readonly columns: readonly ColumnName[]
  readonly isNarrow: boolean
  readonly isActive: boolean
  readonly onActive: (index: number) => void
}

function Row(props: RowProps) {
  const { exchange, index, start, height, template, columns, isNarrow, isActive, onActive } = props
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
          </span>
        )
      })}
    </div>
  )
}

interface OpenLinkProps {
  readonly exchange: Exchange
  readonly onFocus: () => void
  readonly children: React.ReactNode
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
        <StateBadge state={exchange.state} />
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
