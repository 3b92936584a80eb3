/** The head of an exchange: who sent it and how that was proven, what they merely say, where it went, how it ended. */
import type { ReactNode } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import type { EntityKind } from '../../api/entities.ts'
import { EntityLink } from '../entity/entity-link.tsx'
import { formatBytes, formatCost, formatCount, formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts } from '../../ui/panel.tsx'
import { StatusCode } from '../../ui/state-badge.tsx'
import classes from './header-strip.module.css'

type Proven = NonNullable<ExchangeDetail['principal']>
type Fact = readonly [name: string, value: ReactNode]

const line = (text: string | null): string | null =>
  text === null || text === '' ? null : visibleLine(text, 300)
const duration = (ms: number | null): string | null => (ms === null ? null : formatDuration(ms))
const count = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : formatCount(value)

export function HeaderStrip({ detail }: { readonly detail: ExchangeDetail }) {
  return (
    <div className={classes.strip}>
      <Group title="Who, as proven" facts={proven(detail)} />
      <Group title="What the caller says" note="proves nothing" facts={declared(detail)} isQuiet />
      <Group title="Where it went" facts={destination(detail)} />
      <Group title="How it went" facts={course(detail)} />
    </div>
  )
}

function entityOf(kind: EntityKind, value: string | null): ReactNode {
  return value === null || value === '' ? null : <EntityLink kind={kind} value={value} />
}

const TOOLS_MAX = 40

function toolLinks(names: readonly string[]): ReactNode {
  if (names.length === 0) return null
  return (
    <>
      {names.slice(0, TOOLS_MAX).map((name, at) => (
        <span key={name}>
          {at === 0 ? '' : ', '}
          <EntityLink kind="tool" value={name} charsMax={60} />
        </span>
      ))}
      {names.length > TOOLS_MAX ? ` and ${formatCount(names.length - TOOLS_MAX)} more` : ''}
    </>
  )
}

interface GroupProps {
  readonly title: string
  readonly note?: string
  readonly facts: readonly Fact[]
  readonly isQuiet?: boolean
}

function Group({ title, note, facts, isQuiet = false }: GroupProps) {
  const known = facts.filter(([, value]) => value !== null)
  return (
    <section className={classes.group} aria-label={title} data-quiet={isQuiet || undefined}>
      <h2>
        {title}
        {note !== undefined && <small> {note}</small>}
      </h2>
      {known.length === 0 ? <p className={classes.nothing}>nothing</p> : <Facts facts={known} />}
    </section>
  )
}

function proven({ exchange, principal }: ExchangeDetail): readonly Fact[] {
  if (principal === null) return [['Principal', 'not known: refused before it was']]
  return [
    ['Principal', entityOf('principal', principal.id)],
    ['Kind', line(principal.kind)],
    ['Proven by', line(principal.method)],
    ['Service', entityOf('service', principal.service)],
    ['Key', entityOf('key', exchange.keyId)],
    ['Certificate', line(principal.certificate)],
    ['Trust rule', line(principal.rule)],
    ['Owner', line(principal.owner)],
    ['Set off by', line(principal.actor)],
    ['Run', runOf(principal.run)],
    ['Issuer', line(principal.issuer)],
    ['Groups', line(principal.groups.join(', '))],
    ...Object.entries(principal.claims).map(([name, value]): Fact => [
      visibleLine(name, 60),
      line(value),
    ]),
    ['Address', line(exchange.remoteAddress)],
  ]
}

function runOf({ repository, run, runUrl, by }: Proven['run']): ReactNode {
  if (by !== 'proven') return null
  const text = `${run === '' ? '' : `run ${visibleLine(run, 40)} of `}${visibleLine(repository, 120)}`
  return runUrl === null ? text : <a href={runUrl}>{text}</a>
}

function declared({ exchange, declared: says, links }: ExchangeDetail): readonly Fact[] {
  return [
    ['Service', line(says.service)],
    ['Client', line(exchange.userAgent)],
    ...Object.entries(says.headers).map(([name, value]): Fact => [
      visibleLine(name, 60),
      line(value),
    ]),
    ...Object.entries(links).map(([name, value]): Fact => [visibleLine(name, 60), line(value)]),
  ]
}

function destination({
  exchange,
  responseModel,
  responseId,
  toolNames,
}: ExchangeDetail): readonly Fact[] {
  return [
    ['Upstream', entityOf('upstream', exchange.upstream)],
    ['Model asked', entityOf('model', exchange.model)],
    ['Model that answered', responseModel === exchange.model ? null : line(responseModel)],
    ['Surface', line(exchange.surface)],
    ['Call', `${exchange.method} ${visibleLine(exchange.path, 160)}`],
    ['Route', line(exchange.route)],
    ['Tools offered', toolLinks(toolNames)],
    ['Answer id', line(responseId)],
    ['Recording', `${exchange.mode}, class ${exchange.retentionClass}`],
  ]
}

function course({
  exchange,
  upstreamStatus,
  usage,
  cost,
  policy,
  held,
}: ExchangeDetail): readonly Fact[] {
  return [
    ['Arrived (UTC)', <Moment key="at" ms={exchange.receivedAtMs} short />],
    ['On', new Date(exchange.receivedAtMs).toISOString().slice(0, 10)],
    [
      'Status',
      exchange.status === null ? null : <StatusCode key="status" status={exchange.status} />,
    ],
    [
      'Provider said',
      upstreamStatus === null || upstreamStatus === exchange.status ? null : String(upstreamStatus),
    ],
    ['Outcome', line(exchange.outcome)],
    ['Error code', line(exchange.errorCode)],
    ['Finish reason', line(exchange.finishReason)],
    ['First byte', duration(exchange.firstByteMs)],
    ['Duration', duration(exchange.durationMs)],
    ['Tokens in', count(usage?.inputTokens ?? exchange.inputTokens)],
    ['of them cached', count(usage?.cachedInputTokens)],
    ['Tokens out', count(usage?.outputTokens ?? exchange.outputTokens)],
    ['of them reasoning', count(usage?.reasoningTokens)],
    ['Cost', cost === null ? null : formatCost(cost)],
    ['Request', formatBytes(exchange.requestBytes)],
    ['Answer', formatBytes(exchange.answerBytes)],
    ['Policy', policy === '' ? null : policy.slice(0, 12)],
    ['Held', held === null ? null : heldText(held)],
  ]
}

function heldText({ state, waitedMs, keptAlive }: NonNullable<ExchangeDetail['held']>): string {
  const waited = waitedMs === 0 ? state : `${state} after ${formatDuration(waitedMs)}`
  if (keptAlive === null) return waited
  const { by, times, isBegun } = keptAlive
  return `${waited}; ${by} sent ${formatCount(times)}×${isBegun ? ' behind status 200' : ''}`
}
