/** The exposure over time, one line for each principal; the first appearance is marked. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exposure, TraceAnswer } from '../../api/trace.ts'
import { formatDateTime } from '../../ui/format.ts'
import classes from './trace.module.css'

const LANES_MAX = 10
/** A single moment is drawn in the middle of this much time. */
const SPAN_MIN_MS = 1_000

interface ExposureTimelineProps {
  readonly answer: TraceAnswer
}

export function ExposureTimeline({ answer }: ExposureTimelineProps) {
  const times = answer.exposures.map(({ exchange }) => exchange.receivedAtMs)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  const slack = Math.max(SPAN_MIN_MS, (last - first) * 0.04)
  const [fromMs, toMs] = [first - slack, last + slack]
  const share = (ms: number): string => `${(100 * (ms - fromMs)) / (toMs - fromMs)}%`
  const lanes = answer.principals.slice(0, LANES_MAX)
  return (
    <div className={classes.timeline}>
      <ol>
        {lanes.map(({ value }) => (
          <li key={value} className={classes.lane}>
            <span className={classes.laneName} title={visibleLine(value, 200)}>
              {visibleLine(value, 40) || '(unknown)'}
            </span>
            <span className={classes.track}>
              {answer.exposures
                .filter(({ exchange }) => exchange.principal === value)
                .map((exposure) => (
                  <Mark key={nameOf(exposure)} exposure={exposure} left={share} answer={answer} />
                ))}
            </span>
          </li>
        ))}
      </ol>
      <div className={classes.axis} aria-hidden="true">
        <span>{formatDateTime(first).slice(0, 19)}</span>
        <span>{formatDateTime(last).slice(0, 19)} UTC</span>
      </div>
    </div>
  )
}

interface MarkProps {
  readonly exposure: Exposure
  readonly left: (ms: number) => string
  readonly answer: TraceAnswer
}

function Mark({ exposure, left, answer }: MarkProps) {
  const { exchange, direction, treatment } = exposure
  const isFirst = answer.first?.exchange === exchange.id && answer.first.direction === direction
  const says = `${isFirst ? 'first, ' : ''}${direction} ${treatment}, ${formatDateTime(exchange.receivedAtMs)} UTC`
  return (
    <Link
      to="/exchanges/$id"
      params={{ id: exchange.id }}
      className={classes.mark}
      style={{ left: left(exchange.receivedAtMs) }}
      data-direction={direction}
      data-treatment={treatment}
      data-first={isFirst || undefined}
      title={says}
      aria-label={says}
    />
  )
}

function nameOf({ exchange, direction }: Exposure): string {
  return `${exchange.id} ${direction}`
}
