/** Brings a database to the newest schema, forward only, safely when several processes start at once. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from './schema.ts'
import { gatewayKeys } from './migrations/control/001-gateway-keys.ts'
import { peopleAndAudit } from './migrations/control/002-people-and-audit.ts'
import { maskTokens } from './migrations/control/003-mask-tokens.ts'
import { exchangeFindings } from './migrations/index/070-exchange-findings.ts'
import { policyTexts } from './migrations/control/100-policy-texts.ts'
import { policyVersions } from './migrations/control/010-policy-versions.ts'
import { approvals } from './migrations/control/020-approvals.ts'
import { notices } from './migrations/control/021-notices.ts'
import { cases } from './migrations/control/080-cases.ts'
import { contentAccesses } from './migrations/control/120-content-accesses.ts'
import { erasureJobs } from './migrations/control/141-erasure-jobs.ts'
import { erasable } from './migrations/control/140-erasable.ts'
import { loginGroups } from './migrations/control/130-login-groups.ts'
import { devices } from './migrations/control/042-devices.ts'
import { scim } from './migrations/control/041-scim.ts'
import { loginProviders } from './migrations/control/040-login-providers.ts'
import { trustRuleUses } from './migrations/control/105-trust-rule-uses.ts'
import { trustRuleTerms } from './migrations/control/135-trust-rule-terms.ts'
import { trustAndTokens } from './migrations/control/031-trust-and-tokens.ts'
import { locks } from './migrations/control/030-locks.ts'
import { decisionsAndContexts } from './migrations/index/010-decisions-and-contexts.ts'
import { hunts } from './migrations/control/115-hunts.ts'
import { alertLetters } from './migrations/control/160-alert-letters.ts'
import { alertViews } from './migrations/control/145-alert-views.ts'
import { searchAlerts } from './migrations/control/116-search-alerts.ts'
import { legalHolds } from './migrations/control/050-legal-holds.ts'
import { exportOrders } from './migrations/control/110-export-orders.ts'
import { exchangesBlocksEvents } from './migrations/index/001-exchanges-blocks-events.ts'
import { traceErasures } from './migrations/trace/071-trace-erasures.ts'
import { traceAside } from './migrations/trace/150-trace-aside.ts'
import { traceIndex } from './migrations/trace/070-trace-index.ts'
import { search } from './migrations/index/002-search.ts'
import { erasure } from './migrations/index/050-erasure.ts'
import { eventsInOrder } from './migrations/index/085-events-in-order.ts'
import { keyringEvents } from './migrations/index/145-keyring-events.ts'
import { eventsByType } from './migrations/index/155-events-by-type.ts'
import { eventRecords } from './migrations/index/051-event-records.ts'

interface Migration {
  readonly name: string
  readonly up: (db: Kysely<unknown>, types: EngineTypes) => Promise<void>
}

export interface MigrationArea {
  /** Table that remembers what has been applied. */
  readonly ledger: string
  readonly tables: readonly string[]
  /** Applied in this order; a name that has been released never changes. */
  readonly migrations: readonly Migration[]
}

export const INDEX_AREA: MigrationArea = {
  ledger: 'index_migrations',
  tables: [
    'exchanges',
    'blocks',
    'events',
    'positions',
    'exchange_findings',
    'erased_exchanges',
    'block_refs',
    'ref_positions',
    'event_records',
  ],
  migrations: [
    { name: '001-exchanges-blocks-events', up: exchangesBlocksEvents },
    { name: '002-search', up: search },
    { name: '050-erasure', up: erasure },
    { name: '051-event-records', up: eventRecords },
    { name: '070-exchange-findings', up: exchangeFindings },
    { name: '010-decisions-and-contexts', up: decisionsAndContexts },
    { name: '085-events-in-order', up: eventsInOrder },
    { name: '145-keyring-events', up: keyringEvents },
    { name: '155-events-by-type', up: eventsByType },
  ],
}

export const CONTROL_AREA: MigrationArea = {
  ledger: 'control_migrations',
  tables: [
    'gateway_keys',
    'people',
    'login_links',
    'login_sessions',
    'api_tokens',
    'audit_events',
    'reveals',
    'saved_views',
    'idempotent_answers',
    'policy_versions',
    'policy_texts',
    'mask_tokens',
    'mask_token_uses',
    'approvals',
    'approval_requests',
    'approval_exchanges',
    'approval_grants',
    'notices',
    'identities',
    'login_groups',
    'login_attempts',
    'seen_once',
    'login_session_hints',
    'locks',
    'cases',
    'case_members',
    'case_entries',
    'content_accesses',
    'device_logins',
    'device_grants',
    'scim_clients',
    'scim_users',
    'scim_groups',
    'legal_holds',
    'export_orders',
    'erasure_jobs',
    'trust_rules',
    'exchanged_tokens',
    'trust_rule_uses',
    'trust_rule_terms',
    'hunts',
    'search_alerts',
    'search_alert_matches',
    'search_alert_place',
    'search_alert_letters',
  ],
  migrations: [
    { name: '001-gateway-keys', up: gatewayKeys },
    { name: '002-people-and-audit', up: peopleAndAudit },
    { name: '003-mask-tokens', up: maskTokens },
    { name: '020-approvals', up: approvals },
    { name: '021-notices', up: notices },
    { name: '040-login-providers', up: loginProviders },
    { name: '030-locks', up: locks },
    { name: '080-cases', up: cases },
    { name: '041-scim', up: scim },
    { name: '042-devices', up: devices },
    { name: '050-legal-holds', up: legalHolds },
    { name: '010-policy-versions', up: policyVersions },
    { name: '100-policy-texts', up: policyTexts },
    { name: '031-trust-and-tokens', up: trustAndTokens },
    { name: '105-trust-rule-uses', up: trustRuleUses },
    { name: '120-content-accesses', up: contentAccesses },
    { name: '115-hunts', up: hunts },
    { name: '116-search-alerts', up: searchAlerts },
    { name: '110-export-orders', up: exportOrders },
    { name: '140-erasable', up: erasable },
    { name: '135-trust-rule-terms', up: trustRuleTerms },
    { name: '141-erasure-jobs', up: erasureJobs },
    { name: '145-alert-views', up: alertViews },
    { name: '130-login-groups', up: loginGroups },
    { name: '160-alert-letters', up: alertLetters },
  ],
}

export const TRACE_AREA: MigrationArea = {
  ledger: 'trace_migrations',
  tables: [
    'trace_epochs',
    'trace_positions',
    'trace_exchanges',
    'trace_runs',
    'trace_pages',
    'trace_erasures',
    'trace_aside',
  ],
  migrations: [
    { name: '070-trace-index', up: traceIndex },
    { name: '071-trace-erasures', up: traceErasures },
    { name: '150-trace-aside', up: traceAside },
  ],
}

export interface Engine {
  readonly types: EngineTypes
  /** Makes the running transaction the only migrating one until it ends. */
  readonly lock: (transaction: Kysely<unknown>) => Promise<void>
}

/** Applies what is missing. Throws when the database was written by a newer version of Custody. */
export async function migrate(
  db: Kysely<unknown>,
  engine: Engine,
  area: MigrationArea,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await engine.lock(transaction)
    await applyMissing(transaction, engine, area)
  })
}

/** Drops every table of the area and makes them again, empty, in one transaction. */
export async function rebuild(
  db: Kysely<unknown>,
  engine: Engine,
  area: MigrationArea,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await engine.lock(transaction)
    for (const table of [...area.tables, area.ledger]) {
      await transaction.schema.dropTable(table).ifExists().execute()
    }
    await applyMissing(transaction, engine, area)
  })
}

async function applyMissing(
  db: Kysely<unknown>,
  engine: Engine,
  area: MigrationArea,
): Promise<void> {
  await db.schema
    .createTable(area.ledger)
    .ifNotExists()
    .addColumn('name', engine.types.text, (column) => column.primaryKey().notNull())
    .execute()
  const rows = await sql<{ name: string }>`select name from ${sql.table(area.ledger)}`.execute(db)
  const applied = new Set(rows.rows.map((row) => row.name))
  for (const migration of area.migrations) {
    if (applied.delete(migration.name)) continue
    await migration.up(db, engine.types)
    await sql`insert into ${sql.table(area.ledger)} (name) values (${migration.name})`.execute(db)
  }
  if (applied.size > 0) {
    throw new Error(
      `The database was written by a newer version of Custody (unknown migration ${[...applied].join(', ')}).`,
    )
  }
}
