/** The state of the audit page in its address, and as the API takes it. */
import type { AuditEvent, AuditFilters } from '../../api/operations.ts'
import { readDuration } from '../../../../src/model/query/quantities.ts'

export interface AuditSearch {
  readonly person?: string
  readonly operation?: string
  readonly target?: string
  readonly outcome?: AuditEvent['outcome']
  /** A duration back from now; without it everything. */
  readonly last?: string
}

export const OUTCOMES = ['allowed', 'done', 'denied', 'failed'] as const

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const outcome = OUTCOMES.find((name) => name === search['outcome'])
  return {
    ...text(search, 'person'),
    ...text(search, 'operation'),
    ...text(search, 'target'),
    ...text(search, 'last'),
    ...(outcome === undefined ? {} : { outcome }),
  }
}

function text(search: Record<string, unknown>, name: string): Readonly<Record<string, string>> {
  const value = search[name]
  return typeof value === 'string' && value !== '' ? { [name]: value.slice(0, 200) } : {}
}

export function auditFilters(search: AuditSearch, nowMs: number): AuditFilters {
  const { last, ...filters } = search
  const lengthMs = last === undefined ? null : readDuration(last)
  return { ...filters, ...(lengthMs === null ? {} : { sinceMs: Math.max(0, nowMs - lengthMs) }) }
}
