/** One upstream: where it is, how it speaks, and how it did in the last hour. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Upstream } from '../../api/operations.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { LockButton } from '../locks/lock-button.tsx'
import { queryText } from '../query/grammar.ts'
import classes from './upstream-card.module.css'

export function UpstreamCard({ upstream }: { readonly upstream: Upstream }) {
  const { name, dialect, host, hasCredential, sandbox, health } = upstream
  const { answered, failed, refused, open } = health
  const line = visibleLine(name, 80)
  return (
    <Panel
      title={line}
      note={dialect}
      aside={
        <>
          <LockButton kind="upstream" value={name} />
          <StateBadge state={healthOf(upstream)} />
        </>
      }
    >
      <div className={classes.body}>
        <Shares parts={[answered, open, failed]} />
        <Facts
          facts={[
            ['Host', sandbox ? 'built-in sandbox' : visibleLine(host, 120)],
            ['Credential', hasCredential ? 'held by the gateway' : 'none'],
            ['Answered', formatCount(answered)],
            ['Failed', formatCount(failed)],
            ['In progress', formatCount(open)],
            ['Refused by the gateway', formatCount(refused)],
            ['Last success', moment(health.lastSuccessAtMs)],
            ['Last failure', moment(health.lastFailureAtMs)],
            ['Last error', health.lastErrorCode ?? ''],
          ]}
        />
        <Link to="/exchanges" search={{ q: `${queryText('upstream', name)} last:1h` }}>
          Its exchanges of the last hour
        </Link>
      </div>
    </Panel>
  )
}

/** More than half failed is failing; any failure after the last success is worth a look. */
export function healthOf({ health }: Upstream): 'healthy' | 'failing' | 'unsteady' | 'not used' {
  const { answered, failed, lastFailureAtMs, lastSuccessAtMs } = health
  if (answered + failed === 0) return 'not used'
  if (failed > answered) return 'failing'
  if (failed === 0) return 'healthy'
  return (lastFailureAtMs ?? 0) > (lastSuccessAtMs ?? 0) ? 'unsteady' : 'healthy'
}

function moment(ms: number | null) {
  return ms === null ? null : <Moment ms={ms} />
}

const KINDS = ['good', 'busy', 'bad'] as const

function Shares({ parts }: { readonly parts: readonly [number, number, number] }) {
  const total = parts.reduce((sum, part) => sum + part, 0)
  if (total === 0) return <div className={classes.shares} aria-hidden="true" />
  return (
    <div className={classes.shares} aria-hidden="true">
      {parts.map((part, at) => (
        <span key={KINDS[at]} data-kind={KINDS[at]} style={{ flexGrow: part }} />
      ))}
    </div>
  )
}
