/** Turns rows into what the contract says, leaving out what is not for everyone. */
import type { KeyStanding } from '../identity/key-ownership.ts'
import type { ListedKey } from '../identity/key-admin.ts'
import type { Owner } from '../incident/exchange-desk.ts'
import type { AuditRow, RevealRow, SavedViewRow } from '../model/control.ts'
import type { ExchangeQuery, FacetField } from '../model/exchange-query.ts'
import { FACET_FIELDS } from '../model/exchange-query.ts'
import type { HoldRow } from '../model/holds.ts'
import type { ApiTokenRow, LoginSessionRow, PersonRow } from '../model/people.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ApiToken, LoginSession } from './contract/access.ts'
import type { Reveal } from './contract/content.ts'
import type { Exchange, ExchangeFilterQuery } from './contract/exchanges.ts'
import type { GatewayKey } from './contract/keys.ts'
import type { AuditEvent } from './contract/operations.ts'
import type { Person } from './contract/people.ts'
import type { SavedView } from './contract/views.ts'
import { etagOf } from './etag.ts'

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
    contextEnd: _contextEnd,
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
  }
  // Threat: a prompt that adds few bytes was sent before, perhaps by somebody else.
  return { ...shown, ...lists, ...(owner === null ? {} : { storedBytes: null }) }
}

/** The filters of a URL as a query of the index. */
export function queryOf(filter: ExchangeFilterQuery, owner: Owner): ExchangeQuery {
  const values: Record<string, readonly string[]> = {}
  for (const field of FACET_FIELDS) {
    const wanted = filter[field]
    if (wanted !== undefined) values[field] = wanted
  }
  const not = filter.not === undefined ? null : unwantedOf(filter.not)
  return {
    values,
    ...(not === null ? {} : { not }),
    ...(filter.maxDurationMs === undefined ? {} : { durationMsMax: filter.maxDurationMs }),
    ...(filter.sinceMs === undefined ? {} : { sinceMs: filter.sinceMs }),
    ...(filter.untilMs === undefined ? {} : { untilMs: filter.untilMs }),
    ...(filter.conversation === undefined ? {} : { conversation: filter.conversation }),
    ...(filter.minDurationMs === undefined ? {} : { durationMsMin: filter.minDurationMs }),
    ...(owner === null || owner === undefined ? {} : { owner }),
  }
}

/** `field:value` texts by field. */
function unwantedOf(written: readonly string[]): NonNullable<ExchangeQuery['not']> {
  const not: Partial<Record<FacetField, string[]>> = {}
  for (const text of written) {
    const colon = text.indexOf(':')
    const field = FACET_FIELDS.find((name) => name === text.slice(0, colon))
    if (field !== undefined) (not[field] ??= []).push(text.slice(colon + 1))
  }
  return not
}

export function shownPerson(row: PersonRow): Person {
  return {
    id: row.id,
    login: row.login,
    name: row.name,
    roles: [...row.roles],
    disabled: row.disabledAtMs !== null,
    createdAtMs: row.createdAtMs,
    lastLoginAtMs: row.lastLoginAtMs,
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

function filterOf(query: ExchangeQuery): Record<string, unknown> {
  const { values, not, durationMsMin, durationMsMax, owner: _owner, ...rest } = query
  const unwanted = Object.entries(not ?? {}).flatMap(([field, texts]) =>
    texts.map((text) => `${field}:${text}`),
  )
  return {
    ...rest,
    ...values,
    ...(unwanted.length === 0 ? {} : { not: unwanted }),
    ...(durationMsMax === undefined ? {} : { maxDurationMs: durationMsMax }),
    ...(durationMsMin === undefined ? {} : { minDurationMs: durationMsMin }),
  }
}

export function shownView(row: SavedViewRow): SavedView {
  const { person: _person, version, ...shown } = row
  return { ...shown, etag: etagOf(version) }
}

export function shownAudit(row: AuditRow): AuditEvent {
  return { ...row, details: { ...row.details } }
}
