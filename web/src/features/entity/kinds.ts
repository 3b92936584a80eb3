/** The kinds of entities: what each is called, and the query field that asks for it. */
import type { Entity, EntityKind } from '../../api/entities.ts'
import type { LockSubject } from '../../api/locks.ts'
import type { FieldName } from '../../../../src/model/query/fields.ts'

export interface KindSays {
  readonly title: string
  readonly field: FieldName
  /** What a lock on it is on; null where there is no such lock. */
  readonly lock: LockSubject['kind'] | null
}

export const KINDS: Readonly<Record<EntityKind, KindSays>> = {
  principal: { title: 'Principal', field: 'principal', lock: 'principal' },
  key: { title: 'Key', field: 'key', lock: 'key' },
  service: { title: 'Service', field: 'service', lock: 'service' },
  model: { title: 'Model', field: 'model', lock: 'model' },
  upstream: { title: 'Upstream', field: 'upstream', lock: 'upstream' },
  tool: { title: 'Tool', field: 'tool', lock: null },
  finding: { title: 'Found value', field: 'fingerprint', lock: 'finding' },
}

export function isEntityKind(text: unknown): text is EntityKind {
  return typeof text === 'string' && Object.hasOwn(KINDS, text)
}

type PeerField = Entity['peers'][number]['field']

interface PeerSays {
  readonly title: string
  /** Its own page; null where a query is all there is. */
  readonly kind: EntityKind | null
  readonly field: FieldName
}

export const PEERS: Readonly<Record<PeerField, PeerSays>> = {
  principal: { title: 'Principals', kind: 'principal', field: 'principal' },
  service: { title: 'Services', kind: 'service', field: 'service' },
  keyId: { title: 'Keys', kind: 'key', field: 'key' },
  model: { title: 'Models', kind: 'model', field: 'model' },
  upstream: { title: 'Upstreams', kind: 'upstream', field: 'upstream' },
  tool: { title: 'Tools', kind: 'tool', field: 'tool' },
  entity: { title: 'What was found', kind: null, field: 'entity' },
  fingerprint: { title: 'Found values', kind: 'finding', field: 'fingerprint' },
  verdict: { title: 'Verdicts', kind: null, field: 'verdict' },
  policyRule: { title: 'Policy rules', kind: null, field: 'policy' },
  outcome: { title: 'Outcomes', kind: null, field: 'outcome' },
}
