/** What security tools are told: one event for an exchange that ended, one for each thing that stands out, never content. */
import type { EventType, EvidenceEvent, ExchangeRow } from '../../model/record.ts'

export type SinkSeverity = 'info' | 'low' | 'medium' | 'high'

/** What an exchange makes of itself; everything else is a type of evidence. */
export type SinkEventType =
  | 'exchange.closed'
  | 'exchange.refused'
  | 'exchange.finding'
  | 'exchange.denied'
  | EventType

export interface SinkEvent {
  /** The same whenever it is made again: receivers tell repeats by it. */
  readonly id: string
  readonly type: SinkEventType
  readonly atMs: number
  readonly severity: SinkSeverity
  /** Null where no exchange is meant. */
  readonly exchange: ExchangeRow | null
  /** Null where an exchange says it all. */
  readonly event: EvidenceEvent | null
}

/** Nothing while it is open. */
export function eventsOfExchange(row: ExchangeRow): readonly SinkEvent[] {
  if (row.state === 'open') return []
  const about = { atMs: row.endedAtMs ?? row.receivedAtMs, exchange: row, event: null }
  const isRefused = row.state === 'refused'
  const events: SinkEvent[] = [
    {
      ...about,
      id: `${row.id}.closed`,
      type: isRefused ? 'exchange.refused' : 'exchange.closed',
      severity: isRefused ? 'low' : 'info',
    },
  ]
  if (row.entities.length > 0) {
    events.push({ ...about, id: `${row.id}.finding`, type: 'exchange.finding', severity: 'medium' })
  }
  if (row.verdict === 'deny') {
    events.push({ ...about, id: `${row.id}.denied`, type: 'exchange.denied', severity: 'high' })
  }
  return events
}

export function eventOfEvidence(id: string, event: EvidenceEvent): SinkEvent {
  const severity = SEVERITIES.get(event.type) ?? 'info'
  return { id, type: event.type, atMs: event.atMs, severity, exchange: null, event }
}

const SEVERITIES: ReadonlyMap<EventType, SinkSeverity> = new Map<EventType, SinkSeverity>([
  ['gateway.recovered', 'medium'],
  ['recording.gap', 'high'],
  ['config.refused', 'medium'],
  ['person.broke-glass', 'high'],
  ['person.disabled', 'low'],
  ['key.revoked', 'low'],
  ['trust-rule.created', 'low'],
  ['trust-rule.changed', 'low'],
  ['trust-rule.ended', 'medium'],
  ['lock.set', 'high'],
  ['lock.released', 'medium'],
  ['approval.created', 'low'],
  ['approval.decided', 'low'],
  ['approval.expired', 'low'],
  ['record.erased', 'medium'],
  ['evidence.exported', 'medium'],
  ['content.asked', 'low'],
  ['content.decided', 'medium'],
  ['case.changed', 'medium'],
  ['hold.released', 'low'],
])

/** Columns of the index that mean something outside; places in segments and digests do not. */
export function shownExchange(row: ExchangeRow) {
  const {
    contextEnd: _end,
    contextParent: _parent,
    contextAnswer: _answer,
    answerDigest: _digest,
    instance: _instance,
    openSegment: _openSegment,
    openOffset: _openOffset,
    closeSegment: _closeSegment,
    closeOffset: _closeOffset,
    ...shown
  } = row
  return shown
}
