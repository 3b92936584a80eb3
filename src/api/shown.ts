/** Turns rows into what the contract says, leaving out what is not for everyone. */
import type { Memberships } from '../approvals/roster.ts'
import type { KeyStanding } from '../identity/key-ownership.ts'
import type { ListedKey } from '../identity/key-admin.ts'
import type { Owner } from '../incident/exchange-desk.ts'
import type { AuditRow, RevealRow, SavedViewRow } from '../model/control.ts'
import type { HoldRow } from '../model/holds.ts'
import type { ApiTokenRow, LoginSessionRow, PersonRow } from '../model/people.ts'
import { linkedConversation } from '../model/linked-conversation.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { SearchAlertRow } from '../model/search-alerts.ts'
import type { ApiToken, LoginSession } from './contract/access.ts'
import type { Reveal } from './contract/content.ts'
import type { Exchange } from './contract/exchanges.ts'
import type { GatewayKey } from './contract/keys.ts'
import type { AuditEvent } from './contract/operations.ts'
import type { Person } from './contract/people.ts'
import type { SavedView } from './contract/views.ts'
import { etagOf } from './etag.ts'
import { filterOf } from './filter-query.ts'

export function shownExchange(
  row: ExchangeRow,
  owner: Owner,
  held: readonly HoldRow[] = [],
): Exchange {
  const {
    instance: _instance,
    openSegment: _openSegment,
    openOffset: _openOffset,
    closeSegment: _closeSegment,
    closeOffset: _closeOffset,
    responseId: _responseId,
    previousResponse: _previousResponse,
    contextEnd,
    contextParent: _contextParent,
    contextAnswer: _contextAnswer,
    answerDigest: _answerDigest,
    ...shown
  } = row
  const { tools, findingsIn, entities, rules, fingerprints } = row
  const lists = {
    tools: [...tools],
    findingsIn: [...findingsIn],
    entities: [...entities],
    rules: [...rules],
    fingerprints: [...fingerprints],
    policyRules: [...row.policyRules],
    tags: [...row.tags],
    holds: held.map(({ id }) => id),
    linked: contextEnd === null ? null : linkedConversation(row.principal, contextEnd),
  }
  // Threat: a prompt that adds few bytes was sent before, perhaps by somebody else.
  return { ...shown, ...lists, ...(owner === null ? {} : { storedBytes: null }) }
}

export function shownPerson(row: PersonRow, memberships: Memberships): Person {
  return {
    id: row.id,
    login: row.login,
    name: row.name,
    roles: [...row.roles],
    disabled: row.disabledAtMs !== null,
    createdAtMs: row.createdAtMs,
    lastLoginAtMs: row.lastLoginAtMs,
    approverGroups: memberships(row).map(({ name, by, untilMs }) => ({ name, by, untilMs })),
    etag: etagOf(row.version),
  }
}

export function shownKey(
  key: ListedKey,
  standing: KeyStanding = { flags: [], endsAtMs: null },
): GatewayKey {
  const { hash: _hash, ...shown } = key
  return {
    ...shown,
    flags: key.state === 'active' ? [...standing.flags] : [],
    endsAtMs: key.state === 'active' ? standing.endsAtMs : null,
    allowedUpstreams: key.allowedUpstreams === null ? null : [...key.allowedUpstreams],
    allowedModels: key.allowedModels === null ? null : [...key.allowedModels],
  }
}

export function shownToken(row: ApiTokenRow, nowMs: number): ApiToken {
  const { hash: _hash, person: _person, ...shown } = row
  const isExpired = row.expiresAtMs <= nowMs
  const state = row.revokedAtMs !== null ? 'revoked' : isExpired ? 'expired' : 'active'
  return { ...shown, roles: [...row.roles], state }
}

export function shownLoginSession(
  row: LoginSessionRow,
  personName: string,
  current: string,
): LoginSession {
  const { hash: _hash, endedAtMs: _endedAtMs, ...shown } = row
  return { ...shown, personName, current: row.id === current }
}

export function shownReveal(row: RevealRow, personName: string, nowMs: number): Reveal {
  const { scope } = row
  const isExpired = row.expiresAtMs <= nowMs
  return {
    ...row,
    personName,
    scope: scope.kind === 'exchange' ? scope : { kind: 'query', filter: filterOf(scope.query) },
    state: row.endedAtMs !== null ? 'ended' : isExpired ? 'expired' : 'active',
  }
}

export function shownView(row: SavedViewRow, alerts: readonly SearchAlertRow[]): SavedView {
  const { person: _person, version, ...shown } = row
  const own = alerts.filter(({ view }) => view === row.id)
  return {
    ...shown,
    etag: etagOf(version),
    alerts: own.map(({ id, channel, enabled }) => ({ id, channel, enabled })),
  }
}

export function shownAudit(row: AuditRow): AuditEvent {
  return { ...row, details: { ...row.details } }
}
