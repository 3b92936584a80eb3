/** One held request in the order in which an approver reads it: why, who, what is new, how far it reaches, until when. */
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { cardQuery } from '../../api/approvals.ts'
import type { Approval } from '../../api/approvals.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { Clock } from './clock.tsx'
import { DecideBar } from './decide-bar.tsx'
import { Excerpts } from './excerpts.tsx'
import { ReviewBar } from './review-bar.tsx'
import classes from './approval-card.module.css'

interface ApprovalCardProps {
  readonly approval: Approval
  readonly mayDecide: boolean
  readonly mayReview: boolean
}

export function ApprovalCard({ approval, mayDecide, mayReview }: ApprovalCardProps) {
  const card = useQuery(cardQuery(approval.id))
  const isPending = approval.state === 'pending'
  const title = approval.rules.map((rule) => visibleLine(rule.title, 160)).join(' · ')
  return (
    <article className={classes.card} aria-label={`${title}, ${approval.id}`}>
      <header className={classes.head}>
        <div className={classes.verdict}>
          <h2>{title}</h2>
          <p>{reasonOf(approval)}</p>
        </div>
        {!isPending && <StateBadge state={approval.state} />}
      </header>
      <Who approval={approval} />
      <Excerpts approval={approval} card={card.data ?? null} />
      <Facts
        facts={[
          ['Sent to', `${visibleLine(approval.model, 60) || '–'} at ${approval.upstream}`],
          ['Size', formatBytes(approval.requestBytes)],
          [
            'Tools',
            approval.toolNames.length === 0 ? 'none' : formatCount(approval.toolNames.length),
          ],
          ['Held before', firstTime(card.data?.firstTime)],
          ['Requests', requestsOf(approval)],
        ]}
      />
      {isPending && <Clock approval={approval} />}
      {isPending && mayDecide && <DecideBar approval={approval} />}
      {!isPending && <Outcome approval={approval} />}
      {approval.brokeGlass && <ReviewBar approval={approval} mayReview={mayReview} />}
      <footer className={classes.foot}>
        <span>{approval.id}</span>
        {approval.rules.map((rule) => (
          <span key={rule.rule}>
            {rule.votes} of {rule.quorum} · {rule.approvers.join(', ') || 'any approver'}
          </span>
        ))}
        <span title={approval.policy}>policy {approval.policy.slice(0, 12)}</span>
        <Link to="/exchanges/$id" params={{ id: approval.exchange }}>
          Open the record
        </Link>
      </footer>
    </article>
  )
}

function reasonOf({ rules, kinds, model, upstream }: Approval): string {
  const found = kinds.map(({ entity, count }) => `${entity} ×${count}`).join(', ')
  const where = `${visibleLine(model, 60) || 'a model'} at ${upstream}`
  const message = rules.map((rule) => visibleLine(rule.message, 200)).join(' ')
  return found === '' ? `${message} Goes to ${where}.` : `${message} Sends ${found} to ${where}.`
}

function Who({ approval }: { readonly approval: Approval }) {
  const { principal, principalKind, proof, claims, service, declaredService } = approval
  return (
    <div className={classes.who}>
      <strong>{visibleLine(principal, 120)}</strong>
      <span>
        {principalKind}, proven by {proof}
      </span>
      {service !== '' && <span>service {visibleLine(service, 80)}</span>}
      {service === '' && declaredService !== '' && (
        <span>calls itself {visibleLine(declaredService, 80)}</span>
      )}
      {Object.entries(claims)
        .slice(0, 6)
        .map(([name, value]) => (
          <span key={name}>
            {name} {visibleLine(value, 80)}
          </span>
        ))}
    </div>
  )
}

function firstTime(isFirst: boolean | undefined): string {
  if (isFirst === undefined) return '…'
  return isFirst ? 'never for this rule' : 'yes'
}

function requestsOf({ requests, attempts }: Approval): string {
  const others = requests === 1 ? '1' : `${requests} with the same findings`
  return attempts > 1 ? `${others}, sent ${formatCount(attempts)} times` : others
}

function Outcome({ approval }: { readonly approval: Approval }) {
  const last = approval.history.findLast(({ kind }) => kind === approval.state)
  if (last === undefined) return null
  return (
    <p className={classes.outcome}>
      {last.actor === '' ? 'Nobody decided in time' : visibleLine(last.actor, 80)}
      {last.surface === '' ? '' : ` by ${last.surface}`}, <Moment ms={last.atMs} />
      {last.reason === '' ? '' : `: ${visibleLine(last.reason, 300)}`}
    </p>
  )
}
