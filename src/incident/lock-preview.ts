/** What a lock would hit: recent exchanges, those open now, when the subject was last seen, keys that would stop. */
import type { Clock } from '../lib/clock.ts'
import { globMatches } from '../lib/glob.ts'
import type { LockRow, LockSubject, LockTable } from '../model/containment.ts'
import type {
  ExchangeQuery,
  ExchangeSearch,
  FacetCounts,
  FacetValue,
} from '../model/exchange-query.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import { readLinkedConversation } from '../model/linked-conversation.ts'
import type { ExchangeRow } from '../model/record.ts'
import { linkedExchanges } from './linked-exchanges.ts'

const RECENT_MS = 7 * 24 * 60 * 60 * 1000
const VALUES_MAX = 10

export interface LockPreviewParts {
  readonly clock: Clock
  readonly search: ExchangeSearch
  readonly keys: KeyTable
  readonly locks: LockTable
}

export async function previewOf(subject: LockSubject, parts: LockPreviewParts) {
  const { clock, search } = parts
  const nowMs = clock.nowMs()
  const sinceMs = nowMs - RECENT_MS
  const keys = await parts.keys.list()
  const [hits, held] = await Promise.all([
    readLinkedConversation(subject.value) === null
      ? hitsOf(search, queryOf(subject, keys), sinceMs)
      : linkedHits(search, subject.value, sinceMs),
    parts.locks.active(nowMs),
  ])
  return {
    sinceMs,
    ...hits,
    keys: keys
      .filter((key) => isActive(key, nowMs) && stops(key, subject))
      .map(({ id, name, owner }) => ({ id, name, owner })),
    locks: held.filter(
      (lock: LockRow) => lock.kind === subject.kind && lock.value === subject.value,
    ),
  }
}

interface Hits {
  readonly exchanges: number
  readonly inFlight: number
  readonly lastSeenAtMs: number | null
  readonly lastExchange: string | null
  readonly principals: FacetValue[]
  readonly services: FacetValue[]
  readonly models: FacetValue[]
}

async function hitsOf(
  search: ExchangeSearch,
  query: ExchangeQuery,
  sinceMs: number,
): Promise<Hits> {
  const recent = { ...query, sinceMs }
  const [counts, open, last] = await Promise.all([
    search.facets(recent, VALUES_MAX),
    search.facets({ ...recent, values: { ...recent.values, state: ['open'] } }, 1),
    search.list(query, { limit: 1 }),
  ])
  return {
    exchanges: counts.total,
    inFlight: open.total,
    lastSeenAtMs: last[0]?.receivedAtMs ?? null,
    lastExchange: last[0]?.id ?? null,
    principals: valuesOf(counts, 'principal'),
    services: valuesOf(counts, 'service'),
    models: valuesOf(counts, 'model'),
  }
}

/** No column of the index says what continues what, so these are followed and counted here. */
async function linkedHits(search: ExchangeSearch, name: string, sinceMs: number): Promise<Hits> {
  const all = await linkedExchanges(search, name)
  const recent = all.filter(({ receivedAtMs }) => receivedAtMs >= sinceMs)
  const counted = (of: (row: ExchangeRow) => string | null): FacetValue[] => {
    const counts = new Map<string, number>()
    for (const row of recent) {
      const value = of(row) ?? ''
      if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .toSorted((one, other) => other.count - one.count)
      .slice(0, VALUES_MAX)
  }
  return {
    exchanges: recent.length,
    inFlight: recent.filter(({ state }) => state === 'open').length,
    lastSeenAtMs: all[0]?.receivedAtMs ?? null,
    lastExchange: all[0]?.id ?? null,
    principals: counted(({ principal }) => principal),
    services: counted(({ service }) => service),
    models: counted(({ model }) => model),
  }
}

function valuesOf(counts: FacetCounts, field: 'principal' | 'service' | 'model'): FacetValue[] {
  return counts.fields[field].map(({ value, count }) => ({ value, count }))
}

function queryOf({ kind, value }: LockSubject, keys: readonly KeyRow[]): ExchangeQuery {
  switch (kind) {
    case 'principal':
      return { values: { principal: [value] } }
    case 'person': {
      const keyIds = keys.filter((key) => key.owner === value).map((key) => key.id)
      return { values: {}, owner: { principals: [value], keyIds } }
    }
    case 'key':
      return { values: { keyId: [value] } }
    case 'service':
      return { values: { service: [value] } }
    case 'upstream':
      return { values: { upstream: [value] } }
    case 'model':
      return { values: { model: [value] } }
    case 'conversation':
      return { values: {}, conversation: value }
    case 'finding':
      return { values: { fingerprint: [value] } }
  }
}

function isActive({ revokedAtMs, expiresAtMs }: KeyRow, nowMs: number): boolean {
  return revokedAtMs === null && (expiresAtMs === null || expiresAtMs > nowMs)
}

function stops(key: KeyRow, { kind, value }: LockSubject): boolean {
  switch (kind) {
    case 'key':
      return key.id === value
    case 'principal':
    case 'person':
      return key.owner === value
    case 'service':
      return key.service === value
    case 'upstream':
      return key.allowedUpstreams !== null && key.allowedUpstreams.every((name) => name === value)
    case 'model':
      return (
        key.allowedModels !== null && key.allowedModels.every((name) => globMatches(value, name))
      )
    case 'conversation':
    case 'finding':
      return false
  }
}
