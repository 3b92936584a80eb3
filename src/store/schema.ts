/** The tables as Kysely sees them, and the column types that differ between the two engines. */
import type { ExportOrderRow } from '../model/export-orders.ts'
import type { ColumnDataType, Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { ExchangeId, InstanceId } from '../lib/ids.ts'
import type { BlockRow, EvidenceEvent, ExchangeRow } from '../model/record.ts'
import type { AuditRow, IdempotentAnswer, RevealRow, SavedViewRow } from '../model/control.ts'
import type { LockRow } from '../model/containment.ts'
import type { AccessRow } from '../model/restricted.ts'
import type { CaseEntryRow, CaseMemberRow, CaseRow } from '../model/cases.ts'
import type { HoldRow } from '../model/holds.ts'
import type { ErasureJobState } from '../model/erasure-jobs.ts'
import type { HuntRow } from '../model/hunts.ts'
import type { SearchAlertRow } from '../model/search-alerts.ts'
import type { PolicyFileText, PolicyVersionRow } from '../model/policy-version.ts'
import type { StoredTrustRule, TrustRuleTerm, TrustRuleUse } from '../model/trust.ts'
import type { ExchangedTokenRow } from '../model/exchanged-token.ts'
import type { KeyRow } from '../model/keys.ts'
import type { FindingRow, MaskToken } from '../model/masking.ts'
import type { Notice } from '../model/notice.ts'
import type {
  IdentityRow,
  LoginAttemptRow,
  LoginGroupsRow,
  LoginSessionHintRow,
} from '../model/login.ts'
import type { DeviceGrantRow, DeviceLoginRow } from '../model/devices.ts'
import type { ScimClientRow, ScimGroupRow, ScimUserRow } from '../model/scim.ts'
import type { ApiTokenRow, LoginLinkRow, LoginSessionRow, PersonRow } from '../model/people.ts'

/** `receivedAtMs` -> `received_at_ms`. */
type Snake<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : ''

/** What a column holds: flags are 0 or 1, lists are JSON text, everything else is itself. */
type Stored<Value> = Value extends boolean
  ? number
  : Value extends readonly unknown[]
    ? string
    : Value

type TableOf<Row> = { [Field in keyof Row & string as Snake<Field>]: Stored<Row[Field]> }

export type ExchangeTable = TableOf<ExchangeRow> & {
  /** When the row last changed, among all changes of the index. */
  change_seq: number
}

export type BlockTable = TableOf<Omit<BlockRow, 'offset'>> & { byte_offset: number }

export interface EventTable {
  id: string
  type: EvidenceEvent['type']
  at_ms: number
  actor: string
  details: string
  instance: InstanceId
  segment: number
  byte_offset: number
}

export interface PositionTable {
  instance: InstanceId
  segment: number
  byte_offset: number
}

export type FindingTable = TableOf<FindingRow>
export interface TombstoneTable {
  id: ExchangeId
  at_ms: number
  erasure: string
  event: string
  cause: 'retention' | 'request'
  rule: string
  actor: string
  reason: string
  /** As in exchanges: readers that keep rows in memory follow it. */
  change_seq: number
}

export interface BlockRefTable {
  /** First half of the block id. */
  id: string
  retention_class: string
  holder: string
}

export type GatewayKeyTable = TableOf<KeyRow>

export type IndexTables = {
  exchanges: ExchangeTable
  blocks: BlockTable
  events: EventTable
  exchange_findings: FindingTable
  positions: PositionTable
  erased_exchanges: TombstoneTable
  block_refs: BlockRefTable
  ref_positions: PositionTable
  event_records: { record: string; event: string }
}

/** What is asked for by column; the rest of an approval is JSON in `body`. */
interface ApprovalColumns {
  id: string
  state: string
  version: number
  coalesce_key: string
  page: string
  principal: string
  unreviewed: number
  unnoted: number
  noted: number
  steps: number
  decided_at_ms: number | null
  attempts: number
  waiting: number
  waiting_until_ms: number
  body: string
}

interface ApprovalGrantColumns {
  id: string
  approval: string
  principal: string
  expires_at_ms: number
  carry_until_ms: number
  uses_max: number | null
  uses: number
  revoked_at_ms: number | null
  revoked_by: string
  body: string
}

/** Lists, scopes and details are JSON texts. */
export type ControlTables = {
  gateway_keys: GatewayKeyTable
  people: TableOf<PersonRow>
  login_links: TableOf<LoginLinkRow>
  login_sessions: TableOf<LoginSessionRow>
  api_tokens: TableOf<ApiTokenRow>
  identities: TableOf<IdentityRow>
  login_groups: TableOf<LoginGroupsRow>
  login_attempts: TableOf<LoginAttemptRow>
  seen_once: { hash: string; expires_at_ms: number }
  login_session_hints: TableOf<LoginSessionHintRow>
  device_logins: TableOf<DeviceLoginRow>
  device_grants: TableOf<DeviceGrantRow>
  scim_clients: TableOf<ScimClientRow>
  scim_users: TableOf<ScimUserRow>
  scim_groups: TableOf<ScimGroupRow>
  audit_events: TableOf<Omit<AuditRow, 'details'>> & { details: string }
  reveals: TableOf<Omit<RevealRow, 'scope'>> & { scope: string }
  content_accesses: TableOf<Omit<AccessRow, 'exchanges'>> & { exchanges: string }
  saved_views: TableOf<SavedViewRow>
  export_orders: TableOf<Omit<ExportOrderRow, 'order'>> & { frozen: string }
  legal_holds: TableOf<Omit<HoldRow, 'scope'>> & { scope: string }
  hunts: TableOf<Omit<HuntRow, 'query' | 'hits' | 'summary'>> & {
    query: string
    hits: string
    summary: string
  }
  erasure_jobs: {
    id: string
    state: ErasureJobState
    created_at_ms: number
    updated_at_ms: number
    body: string
  }
  search_alerts: TableOf<SearchAlertRow>
  search_alert_matches: {
    alert: string
    exchange: ExchangeId
    at_ms: number
    state: 'waiting' | 'muted' | 'batched' | 'sent' | 'dead' | 'dropped'
    batch: string
  }
  search_alert_letters: {
    batch: string
    alert: string
    channel: string
    /** `asked`: to be sent once more. */
    state: 'dead' | 'asked'
    attempts: number
    error: string
    since_ms: number
    /** Nobody else sends it before. */
    due_at_ms: number
  }
  search_alert_place: { name: string; seq: number; id: string }
  mask_tokens: TableOf<MaskToken> & { scope: string }
  mask_token_uses: { exchange: ExchangeId; scope: string; token: string }
  cases: TableOf<CaseRow>
  case_members: TableOf<CaseMemberRow>
  case_entries: TableOf<Omit<CaseEntryRow, 'span' | 'task'>> & {
    span: string | null
    task: string | null
  }
  approvals: ApprovalColumns
  approval_requests: { digest: string; approval: string }
  approval_exchanges: { exchange: ExchangeId; approval: string; digest: string }
  approval_grants: ApprovalGrantColumns
  policy_versions: TableOf<PolicyVersionRow>
  policy_texts: TableOf<PolicyFileText>
  trust_rules: TableOf<StoredTrustRule>
  trust_rule_uses: TableOf<TrustRuleUse>
  trust_rule_terms: TableOf<TrustRuleTerm>
  exchanged_tokens: TableOf<Omit<ExchangedTokenRow, 'principal'>> & { principal: string }
  notices: TableOf<Notice>
  locks: TableOf<Omit<LockRow, 'kind'>> & { kind: string }
  idempotent_answers: TableOf<Omit<IdempotentAnswer, 'answer'>> & {
    /** Person and key. */
    slot: string
    status: number | null
    body: string | null
  }
}

/** The trace index: keyed postings in sorted runs, cut into pages. */
export type TraceTables = {
  trace_epochs: { epoch: number; retention_class: string; month: string; wrapped: string }
  trace_positions: { version: number; instance: InstanceId; segment: number; byte_offset: number }
  trace_exchanges: { number: number; id: ExchangeId }
  trace_runs: {
    run: number
    version: number
    epoch: number
    family: TraceFamily
    level: number
    postings: number
    bytes: number
  }
  trace_pages: { run: number; first_key: number; data: Uint8Array }
  trace_erasures: { exchange: ExchangeId }
  trace_aside: {
    exchange: ExchangeId
    half: RecordHalf
    instance: InstanceId
    segment: number
    byte_offset: number
    tries: number
    reason: string
  }
}

export type TraceFamily = 'passage' | 'value' | 'edge'

/** Half of the record of an exchange: what was sent with its opening, what came with its closing. */
export type RecordHalf = 'opening' | 'closing'

export type IndexDb = Kysely<IndexTables>
export type ControlDb = Kysely<ControlTables>
export type TraceDb = Kysely<TraceTables>

type ColumnType = ColumnDataType | RawBuilder<unknown>

/** Everything in which a migration may differ between the engines. */
export interface EngineTypes {
  readonly engine: 'sqlite' | 'postgres'
  /** Compares and sorts by bytes, like ids and prefixes need it. */
  readonly text: ColumnType
  /** Whole numbers up to 2^53. */
  readonly whole: ColumnType
  readonly real: ColumnType
  readonly bytes: ColumnType
  /** Put at the end of a table that is only ever found by its primary key. */
  readonly clustered: RawBuilder<unknown>
}

export const SQLITE_TYPES: EngineTypes = {
  engine: 'sqlite',
  text: 'text',
  whole: 'integer',
  real: 'real',
  bytes: 'blob',
  clustered: sql`without rowid`,
}

export const POSTGRES_TYPES: EngineTypes = {
  engine: 'postgres',
  text: sql`text collate "C"`,
  whole: 'bigint',
  real: 'double precision',
  bytes: 'bytea',
  clustered: sql``,
}
