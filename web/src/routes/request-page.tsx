/** What the sender of a held request sees by the link in its answer: rule, why, state; nothing of the prompt. */
import { Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { requestPageQuery } from '../api/approvals.ts'
import type { RequestPage } from '../api/approvals.ts'
import { Door } from '../features/access/door.tsx'
import { Countdown } from '../features/approvals/countdown.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import classes from '../features/approvals/approval-card.module.css'

const TITLES: Readonly<Record<RequestPage['state'], string>> = {
  pending: 'Your request waits for approval',
  approved: 'Your request was approved',
  'approved-masked': 'Your request was approved with masking',
  denied: 'Your request was denied',
  expired: 'Nobody approved your request in time',
  cancelled: 'Your request was taken back',
}

export function RequestState() {
  const { page } = useParams({ from: '/requests/$page' })
  const request = useQuery(requestPageQuery(page))
  if (request.isPending)
    return (
      <Door title="Your request">
        <Loader size="sm" aria-label="Loading" />
      </Door>
    )
  if (request.isError)
    return (
      <Door title="Your request">
        <ProblemNotice error={request.error} />
      </Door>
    )
  return <Shown request={request.data} />
}

function Shown({ request }: { readonly request: RequestPage }) {
  const { state, rules, kinds, reason, reference, expiresAtMs } = request
  const counts = new Set(kinds.map(({ entity, count }) => `${entity} ×${count}`))
  return (
    <Door title={TITLES[state]}>
      {rules.map((rule) => (
        <section key={rule.title} className={classes.decide} aria-label={rule.title}>
          <strong>{visibleLine(rule.title, 200)}</strong>
          <p>{visibleLine(rule.message, 400)}</p>
          {rule.reasons
            .filter((why) => !counts.has(why))
            .map((why) => (
              <p key={why} className={classes.reason}>
                {visibleLine(why, 300)}
              </p>
            ))}
          {state === 'pending' && (
            <p>
              {rule.votes} of {rule.quorum} approved; asked:{' '}
              {rule.approvers.join(', ') || 'any approver'}
            </p>
          )}
        </section>
      ))}
      {kinds.length > 0 && (
        <p className={classes.kinds}>
          {kinds.map(({ entity, count }) => (
            <span key={entity} className={classes.kind}>
              {entity} ×{count}
            </span>
          ))}
        </p>
      )}
      {reason !== '' && <p>{visibleLine(reason, 300)}</p>}
      <p role="status">
        {state === 'pending' ? (
          <>
            Decided within <Countdown untilMs={expiresAtMs} />. Nothing was sent yet.
          </>
        ) : state === 'approved' || state === 'approved-masked' ? (
          'If your program is not waiting any more, send the request again: it passes.'
        ) : (
          'Nothing was sent.'
        )}
      </p>
      <p className={classes.reason}>{reference}</p>
    </Door>
  )
}
