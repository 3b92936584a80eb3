/** What is new in this request, in words around each finding; the findings themselves are replaced by their kinds. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Approval, ApprovalCard } from '../../api/approvals.ts'
import classes from './approval-card.module.css'

interface ExcerptsProps {
  readonly approval: Approval
  /** Null while they are loaded. */
  readonly card: Pick<ApprovalCard, 'excerpts' | 'withheld'> | null
}

export function Excerpts({ approval, card }: ExcerptsProps) {
  const fresh = approval.kinds.filter((kind) => kind.fresh > 0)
  const carried = approval.kinds.reduce((sum, kind) => sum + kind.count - kind.fresh, 0)
  // The kinds above say it already.
  const counts = new Set(approval.kinds.map(({ entity, count }) => `${entity} ×${count}`))
  return (
    <section className={classes.fresh} aria-label="What is new">
      <p className={classes.kinds}>
        <span>New in this turn</span>
        {fresh.length === 0 && <span>nothing</span>}
        {fresh.map(({ entity, fresh: count }) => (
          <span key={entity} className={classes.kind}>
            {entity} ×{count}
          </span>
        ))}
        {carried > 0 && <span>carried over: {carried}</span>}
      </p>
      {card !== null && card.withheld !== '' && (
        <p className={classes.reason}>
          The words are restricted by {visibleLine(card.withheld, 200)}.{' '}
          <Link to="/exchanges/$id" params={{ id: approval.exchange }}>
            Ask another person to let you in
          </Link>
          , or decide on what stands here.
        </p>
      )}
      {card?.excerpts.map(({ text, entity, fresh: isFresh }, at) => (
        <blockquote key={`${at} ${entity}`} data-fresh={isFresh || undefined}>
          {marked(visibleLine(text, 300))}
        </blockquote>
      ))}
      {approval.rules
        .flatMap(({ reasons }) => reasons)
        .filter((reason) => !counts.has(reason))
        .map((reason) => (
          <p key={reason} className={classes.reason}>
            {visibleLine(reason, 300)}
          </p>
        ))}
    </section>
  )
}

/** Kinds in brackets stand out from the words around them. */
function marked(text: string) {
  return text
    .split(/(\[[A-Z0-9_-]{2,60}\])/)
    .map((part, at) =>
      at % 2 === 1 ? <mark key={`${at} ${part}`}>{part.slice(1, -1)}</mark> : part,
    )
}
