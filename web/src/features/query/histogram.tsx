/** Exchanges over time, stacked by state; a stretch of it is chosen by dragging over it. */
import { useRef, useState } from 'react'
import type { PointerEvent } from 'react'
import type { Histogram as Counted } from '../../api/exchanges.ts'
import { formatCount, formatDateTime } from '../../ui/format.ts'
import classes from './histogram.module.css'

interface HistogramProps {
  readonly histogram: Omit<Counted, 'erased'> | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly onBrush: (fromMs: number, toMs: number) => void
}

interface Brush {
  readonly from: number
  readonly to: number
}

/** Bottom of a bar first. */
const STATES = ['complete', 'open', 'interrupted', 'refused'] as const
/** Less than this share of the width is a click, not a choice. */
const BRUSH_MIN = 0.006

export function Histogram({ histogram, fromMs, toMs, onBrush }: HistogramProps) {
  const area = useRef<HTMLDivElement>(null)
  const [brush, setBrush] = useState<Brush | null>(null)
  const buckets = histogram?.buckets ?? []
  const totals = buckets.map((bucket) => STATES.reduce((sum, state) => sum + bucket[state], 0))
  const most = Math.max(1, ...totals)
  const total = totals.reduce((sum, count) => sum + count, 0)
  const from = histogram?.fromMs ?? fromMs
  const length = (histogram?.toMs ?? toMs) - from
  const share = (event: PointerEvent): number => {
    const box = area.current?.getBoundingClientRect()
    if (box === undefined) return 0
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  }
  const finish = (): void => {
    if (brush === null) return
    setBrush(null)
    const [low, high] = [Math.min(brush.from, brush.to), Math.max(brush.from, brush.to)]
    if (high - low < BRUSH_MIN) return
    const grain = length > 600_000 ? 1_000 : 1
    const round = (at: number): number => Math.round((from + at * length) / grain) * grain
    onBrush(round(low), round(high))
  }
  return (
    <figure className={classes.figure}>
      <div
        ref={area}
        className={classes.area}
        role="img"
        aria-label={`${formatCount(total)} exchanges between ${formatDateTime(fromMs)} and ${formatDateTime(toMs)} UTC`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const at = share(event)
          setBrush({ from: at, to: at })
        }}
        onPointerMove={(event) => {
          if (brush !== null) setBrush({ ...brush, to: share(event) })
        }}
        onPointerUp={finish}
        onPointerCancel={() => setBrush(null)}
      >
        {buckets.map((bucket, at) => (
          <span
            key={bucket.startMs}
            className={classes.bucket}
            title={`${formatDateTime(bucket.startMs)} UTC: ${formatCount(totals[at] ?? 0)}`}
          >
            {STATES.map((state) =>
              bucket[state] === 0 ? null : (
                <i
                  key={state}
                  data-state={state}
                  style={{ height: `${Math.max(4, (100 * bucket[state]) / most)}%` }}
                />
              ),
            )}
          </span>
        ))}
        {brush !== null && (
          <span
            className={classes.brush}
            style={{
              left: `${100 * Math.min(brush.from, brush.to)}%`,
              width: `${100 * Math.abs(brush.to - brush.from)}%`,
            }}
          />
        )}
      </div>
      <figcaption className={classes.axis}>
        <span>{formatDateTime(fromMs).slice(0, 19)}</span>
        <span className={classes.peak}>peak {formatCount(total === 0 ? 0 : most)}</span>
        <span>{formatDateTime(toMs).slice(0, 19)} UTC</span>
      </figcaption>
    </figure>
  )
}
