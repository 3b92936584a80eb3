/** Everything that is known of one principal, key, service, model, upstream, tool or found value. */
import { globMatches } from '../lib/glob.ts'
import type { CaseRow, CaseTable } from '../model/cases.ts'
import type { LockKind, LockRow, LockTable } from '../model/containment.ts'
import type {
  ExchangeProfile,
  ExchangeQuery,
  ExchangeSearch,
  FacetField,
  FacetValue,
} from '../model/exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../model/masking.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import type { Owner } from './exchange-desk.ts'
import { matchesQuery } from './matches-query.ts'

export const ENTITY_KINDS = [
  'principal',
  'key',
  'service',
  'model',
  'upstream',
  'tool',
  'finding',
] as const
export type EntityKind = (typeof ENTITY_KINDS)[number]

interface EntityShape {
  readonly field: FacetField
  /** Locks that may be on it. */
  readonly locks: readonly LockKind[]
}

const SHAPES: Readonly<Record<EntityKind, EntityShape>> = {
  principal: { field: 'principal', locks: ['principal', 'person'] },
  key: { field: 'keyId', locks: ['key'] },
  service: { field: 'service', locks: ['service'] },
  model: { field: 'model', locks: ['model'] },
  upstream: { field: 'upstream', locks: ['upstream'] },
  tool: { field: 'tool', locks: [] },
  finding: { field: 'fingerprint', locks: ['finding'] },
}

/** Fields whose values stand beside it, in reading order. */
export const PEER_FIELDS = [
  'principal',
  'service',
  'keyId',
  'model',
  'upstream',
  'tool',
  'entity',
  'fingerprint',
  'verdict',
  'policyRule',
  'outcome',
] as const satisfies readonly FacetField[]

export interface Peers {
  readonly field: (typeof PEER_FIELDS)[number]
  readonly values: readonly FacetValue[]
}

export interface EntityProfile {
  readonly profile: ExchangeProfile
  readonly peers: readonly Peers[]
}

const BUCKETS = 60
const PEERS_MAX = 8
/** Pins that are looked at for cases about it. */
const PINS_MAX = 2_000

/** By the letter: a star in a name is a star. */
export function entityQuery(kind: EntityKind, value: string, owner: Owner): ExchangeQuery {
  const { field } = SHAPES[kind]
  const text = kind === 'finding' ? value.slice(0, FINGERPRINT_DIGITS) : value
  return {
    values: {},
    where: { text: '', condition: { kind: 'is', field, test: { kind: 'exact', text } } },
    ...(owner === null || owner === undefined ? {} : { owner }),
  }
}

export async function entityProfile(
  search: ExchangeSearch,
  kind: EntityKind,
  query: ExchangeQuery,
): Promise<EntityProfile> {
  const profile = await search.profile(query, { buckets: BUCKETS, valuesMax: PEERS_MAX + 1 })
  const peers = PEER_FIELDS.filter((field) => field !== SHAPES[kind].field || kind === 'tool').map(
    (field) => ({
      field,
      values: profile.facets.fields[field].filter(({ value }) => value !== '').slice(0, PEERS_MAX),
    }),
  )
  return { profile, peers: peers.filter(({ values }) => values.length > 0) }
}

/** Those that hold now. */
export async function locksOn(
  locks: LockTable,
  kind: EntityKind,
  value: string,
  nowMs: number,
): Promise<readonly LockRow[]> {
  const { locks: kinds } = SHAPES[kind]
  return (await locks.active(nowMs)).filter(
    (lock) =>
      kinds.includes(lock.kind) &&
      (kind === 'model'
        ? globMatches(lock.value, value)
        : lock.value === value || (kind === 'finding' && lock.value.startsWith(value))),
  )
}

/** Cases in which an exchange of it is pinned; newest first. */
export async function casesAbout(
  cases: CaseTable,
  index: ExchangeIndex,
  query: ExchangeQuery,
): Promise<readonly CaseRow[]> {
  const pins = await cases.pins(PINS_MAX)
  const rows = await index.exchanges([...new Set(pins.map(({ exchange }) => exchange))])
  const matching = new Set<string>(
    rows.filter((row) => matchesQuery(row, query)).map(({ id }) => id),
  )
  const ids = new Set(
    pins.filter(({ exchange }) => matching.has(exchange)).map((pin) => pin.caseId),
  )
  const found: CaseRow[] = []
  for (const id of ids) {
    const row = await cases.byId(id)
    if (row !== null) found.push(row)
  }
  return found.toSorted((a, b) => (a.id < b.id ? 1 : -1))
}
