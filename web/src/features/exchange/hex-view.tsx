/** Bytes as hexadecimal rows; only those in sight are drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import { HEX_ROW_BYTES, hexRow } from './bytes.ts'
import classes from './hex-view.module.css'

interface HexViewProps {
  readonly bytes: Uint8Array
  /** Of the first byte in the whole body. */
  readonly offset: number
}

const ROW_PX = 19

export function HexView({ bytes, offset }: HexViewProps) {
  const frame = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: Math.ceil(bytes.length / HEX_ROW_BYTES),
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  })
  return (
    <div
      ref={frame}
      className={classes.hex}
      tabIndex={0}
      role="region"
      aria-label="Body in hexadecimal"
    >
      <div className={classes.rows} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = hexRow(bytes, item.index, offset)
          return (
            <div
              key={item.index}
              className={classes.row}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className={classes.offset}>{row.offset}</span>
              <span>{row.hex}</span>
              <span className={classes.text}>{row.text}</span>
            </div>
          )
        })}
      </div>
    </div>
  )
}
