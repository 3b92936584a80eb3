/** How long the caller still waits, and when nobody's decision becomes a denial. */
import type { Approval } from '../../api/approvals.ts'
import { Countdown, useNow } from './countdown.tsx'
import classes from './approval-card.module.css'

export function Clock({ approval }: { readonly approval: Approval }) {
  const nowMs = useNow()
  const { waitingUntilMs, createdAtMs, expiresAtMs, escalatedAtMs } = approval
  const isWaiting = waitingUntilMs !== null && waitingUntilMs > nowMs
  const share = Math.min(1, Math.max(0, (nowMs - createdAtMs) / (expiresAtMs - createdAtMs)))
  return (
    <div className={classes.clock}>
      <p>
        {isWaiting ? (
          <span>
            The caller waits for another <Countdown untilMs={waitingUntilMs} />
          </span>
        ) : (
          'The caller is gone: once approved, its next attempt passes'
        )}
        <span className={classes.until}>
          denied in <Countdown untilMs={expiresAtMs} />
          {escalatedAtMs !== null && ', escalated'}
        </span>
      </p>
      <progress max={1} value={share} aria-label="Time that has passed" />
    </div>
  )
}
