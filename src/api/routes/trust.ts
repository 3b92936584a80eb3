/** Serves trust rules and the tokens that were made by them. */
import {
  createRule,
  handOverRule,
  listRules,
  storedRule,
  updateRule,
} from '../../identity/trust-admin.ts'
import type { ListedRule, RuleChange, TrustAdminParts } from '../../identity/trust-admin.ts'
import { fail } from '../../model/errors.ts'
import type { ErrorCode } from '../../model/errors.ts'
import {
  createTrustRule,
  deleteTrustRule,
  handOverTrustRule,
  listExchangedTokens,
  listTrustRules,
  revokeExchangedToken,
  updateTrustRule,
} from '../contract/trust.ts'
import type { TrustRule } from '../contract/trust.ts'
import { etagOf, versionFrom } from '../etag.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

const TOKENS_MAX = 500

const REFUSALS: Readonly<
  Record<Exclude<RuleChange['kind'], 'saved' | 'invalid' | 'no-person'>, ErrorCode>
> = {
  taken: 'api.conflict',
  configured: 'api.configured',
  conflict: 'api.precondition',
  'not-found': 'api.not-found',
}

export function trustRoutes(registrar: Registrar): void {
  ruleRoutes(registrar)
  tokenRoutes(registrar)
}

function adminOf({ parts }: Registrar): TrustAdminParts {
  const { control, clock, keyRules, configuredTrust } = parts
  return { control, clock, keyRules, configured: configuredTrust }
}

function ruleRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { control } = parts
  const admin = adminOf(registrar)
  const saved = async (name: string, change: RuleChange): Promise<TrustRule> => {
    refuse(change)
    const listed = (await listRules(admin)).find(({ rule }) => rule.name === name)
    if (listed === undefined) throw fail('api.not-found')
    return shownRule(listed)
  }
  app.openapi(guarded(listTrustRules), async (context) =>
    context.json({ items: (await listRules(admin)).map(shownRule) }, 200),
  )
  app.openapi(guarded(createTrustRule), async (context) => {
    const { name, rule: written } = context.req.valid('json')
    const audit = context.get('audit')
    audit.add({ target: name })
    const by = context.get('signedIn').person.login
    const rule = await saved(name, await createRule(admin, { name, written, by }))
    audit.add({ details: { issuer: rule.issuer, owner: rule.owner } })
    return context.json(rule, 201)
  })
  app.openapi(guarded(updateTrustRule), async (context) => {
    const { name } = context.req.valid('param')
    const { rule: written } = context.req.valid('json')
    const audit = context.get('audit')
    audit.add({ target: name })
    const version = versionFrom(context.req.valid('header')['if-match'])
    const rule = await saved(name, await updateRule(admin, { name, written, version }))
    audit.add({ details: { issuer: rule.issuer, owner: rule.owner } })
    return context.json(rule, 200)
  })
  app.openapi(guarded(handOverTrustRule), async (context) => {
    const { name } = context.req.valid('param')
    const { owner } = context.req.valid('json')
    context.get('audit').add({ target: name, details: { to: owner } })
    return context.json(await saved(name, await handOverRule(admin, name, owner)), 200)
  })
  app.openapi(guarded(deleteTrustRule), async (context) => {
    const { name } = context.req.valid('param')
    context.get('audit').add({ target: name })
    const isStored = (await storedRule(admin, name)) !== null
    if (!isStored && parts.configuredTrust().some((rule) => rule.name === name))
      throw fail('api.configured')
    if (!(await control.trustRules.remove(name))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}

function refuse(change: RuleChange): void {
  if (change.kind === 'saved') return
  if (change.kind === 'invalid') throw new InvalidRequest([...change.problems])
  if (change.kind === 'no-person')
    throw new InvalidRequest([{ path: 'owner', message: 'is no active person here' }])
  throw fail(REFUSALS[change.kind])
}

function tokenRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { control, clock } = parts
  app.openapi(guarded(listExchangedTokens), async (context) => {
    const rows = await control.exchangedTokens.active(clock.nowMs(), TOKENS_MAX)
    // A token whose rule is gone or has ended lets nobody in.
    const listed = await listRules(adminOf(registrar))
    const names = new Set(
      listed.filter(({ rule }) => rule.endedAtMs === null).map(({ rule }) => rule.name),
    )
    const live = rows.filter(({ rule }) => names.has(rule))
    const items = live.map(({ id, rule, principal, grantType, issuedAtMs, expiresAtMs }) => ({
      id,
      rule,
      principal: principal.id,
      actor: principal.actor ?? '',
      grantType,
      issuedAtMs,
      expiresAtMs,
    }))
    return context.json({ items }, 200)
  })
  app.openapi(guarded(revokeExchangedToken), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    if (!(await control.exchangedTokens.revoke(id, clock.nowMs()))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}

function shownRule({ rule, stored, term, flags, endsAtMs, lastUsedAtMs }: ListedRule): TrustRule {
  return {
    name: rule.name,
    kind: rule.kind,
    preset: rule.preset,
    issuer: rule.issuer,
    audiences: [...rule.audiences],
    conditions: Object.fromEntries(
      Object.entries(rule.conditions).map(([claim, patterns]) => [claim, [...patterns]]),
    ),
    principal: rule.principal,
    principalKind: rule.principalKind,
    service: rule.service,
    actor: rule.actor,
    groups: [...rule.groups],
    owner: rule.owner,
    keep: [...rule.keep],
    allowedUpstreams: rule.allowedUpstreams === null ? null : [...rule.allowedUpstreams],
    allowedModels: rule.allowedModels === null ? null : [...rule.allowedModels],
    isConfigured: rule.isConfigured,
    flags: [...flags],
    endsAtMs,
    ended: rule.endedAtMs === null ? null : { atMs: rule.endedAtMs, because: term?.because ?? '' },
    lastUsedAtMs,
    written: stored === null ? null : writtenOf(stored.written),
    createdBy: stored?.createdBy ?? '',
    updatedAtMs: stored?.updatedAtMs ?? null,
    etag: stored === null ? null : etagOf(stored.version),
  }
}

function writtenOf(text: string): Record<string, unknown> {
  const written: unknown = JSON.parse(text)
  return typeof written === 'object' && written !== null ? { ...written } : {}
}
