/** The list of exchanges: only the rows in sight exist, whatever its length. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import type { Exchange } from '../../api/exchanges.ts'
import { columnOf } from './columns.tsx'
import type { ColumnName } from './columns.tsx'
import { ExchangeRow } from './exchange-row.tsx'
import { PivotMenu } from './pivot-menu.tsx'
import type { PivotAsked } from './pivot-menu.tsx'
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
  const [asked, setAsked] = useState<PivotAsked | null>(null)
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
    <>
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
            <ExchangeRow
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
              onPivot={(next) => {
                onActive(item.index)
                setAsked(next)
              }}
            />
          ))}
        </div>
      </div>
      <PivotMenu asked={asked} onClose={() => setAsked(null)} />
    </>
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
