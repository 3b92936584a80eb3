/** Entity: everything that is known of one principal, key, service, model, tool or found value. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { entityQuery } from '../api/entities.ts'
import type { Entity, EntityKind } from '../api/entities.ts'
import classes from '../features/entity/entity.module.css'
import { KINDS, isEntityKind } from '../features/entity/kinds.ts'
import { Peers } from '../features/entity/peers.tsx'
import { HoldButton } from '../features/keeping/hold-button.tsx'
import { LockButton } from '../features/locks/lock-button.tsx'
import { withBetween } from '../features/query/filters.ts'
import { queryText, readQuery, writeQuery } from '../features/query/grammar.ts'
import { Histogram } from '../features/query/histogram.tsx'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Facts, Panel } from '../ui/panel.tsx'

export interface EntitySearch {
  readonly kind?: EntityKind
  readonly value?: string
}

export function readEntitySearch(search: Record<string, unknown>): EntitySearch {
  const { kind, value } = search
  return {
    ...(isEntityKind(kind) ? { kind } : {}),
    ...(typeof value === 'string' ? { value: value.slice(0, 800) } : {}),
  }
}

export function EntityPage() {
  const { kind, value } = useSearch({ from: '/shell/entity' })
  if (kind === undefined || value === undefined || value === '')
    return (
      <Page title="Entity">
        <Notice kind="empty" title="Nothing was named">
          <p>Open a principal, key, service, model or tool where an exchange shows it.</p>
        </Notice>
      </Page>
    )
  return <Known key={`${kind} ${value}`} kind={kind} value={value} />
}

function Known({ kind, value }: { readonly kind: EntityKind; readonly value: string }) {
  const entity = useQuery(entityQuery(kind, value))
  const { title, field, lock } = KINDS[kind]
  const asked = queryText(field, value)
  return (
    <Page
      title={visibleLine(value, 80)}
      note={`${title}${entity.data === undefined || entity.data.name === '' ? '' : `: ${visibleLine(entity.data.name, 80)}`}`}
      aside={
        <span className={classes.head}>
          <Link to="/exchanges" search={{ q: `${asked} last:30d` }}>
            Its exchanges
          </Link>
          <Link to="/findings" search={{ q: `${asked} last:30d` }}>
            What was found
          </Link>
          {kind === 'principal' && <HoldButton principal={value} />}
          {lock !== null && <LockButton kind={lock} value={value} />}
        </span>
      }
    >
      {entity.isPending && <Skeleton label="Loading what is known" />}
      {entity.isError && <ProblemNotice error={entity.error} retry={() => void entity.refetch()} />}
      {entity.data?.exchanges === 0 && (
        <Notice kind="empty" title="No exchange has it">
          <p>Or none that you may see. Names are taken by the letter.</p>
        </Notice>
      )}
      {entity.data !== undefined && entity.data.exchanges > 0 && (
        <Shown entity={entity.data} asked={asked} />
      )}
    </Page>
  )
}

const STATES: Readonly<Record<string, string>> = {
  complete: 'Complete',
  open: 'Open',
  interrupted: 'Interrupted',
  refused: 'Refused',
}

function Shown({ entity, asked }: { readonly entity: Entity; readonly asked: string }) {
  const navigate = useNavigate()
  const { firstAtMs, lastAtMs, volumes } = entity
  const fromMs = volumes[0]?.startMs ?? firstAtMs ?? 0
  const width = (volumes[1]?.startMs ?? fromMs + 1) - fromMs
  const toMs = fromMs + width * Math.max(1, volumes.length)
  const facts = [
    ['Exchanges', formatCount(entity.exchanges)],
    ['First seen', firstAtMs === null ? null : <Moment key="first" ms={firstAtMs} />],
    ['Last seen', lastAtMs === null ? null : <Moment key="last" ms={lastAtMs} />],
    ['Tokens in', formatCount(entity.inputTokens)],
    ['Tokens out', formatCount(entity.outputTokens)],
    ...entity.states.map(
      ({ value, count }) => [STATES[value] ?? value, formatCount(count)] as const,
    ),
  ] as const
  return (
    <>
      <Panel title="Seen">
        <div className={classes.padded}>
          <Facts facts={facts} />
          <Histogram
            histogram={{ fromMs, toMs, bucketMs: width, buckets: volumes }}
            fromMs={fromMs}
            toMs={toMs}
            onBrush={(from, to) =>
              void navigate({
                to: '/exchanges',
                search: { q: writeQuery(withBetween(readQuery(asked), from, to)) },
              })
            }
          />
        </div>
      </Panel>
      {entity.locks !== null && entity.locks.length > 0 && (
        <Panel title="Locks" note="that hold on it now">
          <ul className={classes.list}>
            {entity.locks.map((lock) => (
              <li key={lock.id}>
                <Link to="/locks">{lock.id}</Link> by {visibleLine(lock.owner, 60)}:{' '}
                {visibleLine(lock.reason, 300)}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {entity.holds !== null && entity.holds.length > 0 && (
        <Panel title="Legal holds" note="on its newest exchanges">
          <ul className={classes.list}>
            {entity.holds.map((hold) => (
              <li key={hold.id}>
                <Link to="/retention">{hold.id}</Link> on {formatCount(hold.exchanges)}, set by{' '}
                {visibleLine(hold.setBy, 60)}: {visibleLine(hold.reason, 300)}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {entity.cases !== null && entity.cases.length > 0 && (
        <Panel title="Cases" note="in which an exchange of it is pinned">
          <ul className={classes.list}>
            {entity.cases.map(({ id, number, title, status }) => (
              <li key={id}>
                <Link to="/cases/$id" params={{ id }}>
                  Case {number}
                </Link>{' '}
                {title === '' ? 'sealed' : visibleLine(title, 200)} ({status})
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Peers peers={entity.peers} asked={asked} />
    </>
  )
}
