/** Serves trust rules and the tokens that were made by them. */
import { trustRuleSchema } from '../../config/schema-trust.ts'
import { trustRule } from '../../config/trust-rule.ts'
import { fail } from '../../model/errors.ts'
import type { TrustRule as Rule } from '../../model/trust.ts'
import {
  createTrustRule,
  deleteTrustRule,
  listExchangedTokens,
  listTrustRules,
  revokeExchangedToken,
} from '../contract/trust.ts'
import type { TrustRule } from '../contract/trust.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

const TOKENS_MAX = 500

export function trustRoutes({ app, parts, guarded }: Registrar): void {
  const { clock } = parts
  app.openapi(guarded(listTrustRules), async (context) => {
    const rules = await parts.trustRules()
    return context.json({ items: rules.map(shownRule) }, 200)
  })
  app.openapi(guarded(createTrustRule), async (context) => {
    const { name, rule: written } = context.req.valid('json')
    const audit = context.get('audit')
    audit.add({ target: name })
    const rule = checkedRule(name, written)
    if ((await parts.trustRules()).some((known) => known.name === name)) throw fail('api.conflict')
    const nowMs = clock.nowMs()
    const isNew = await parts.control.trustRules.insert({
      name,
      written: JSON.stringify(written),
      createdBy: context.get('signedIn').person.login,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      version: 1,
    })
    if (!isNew) throw fail('api.conflict')
    audit.add({ details: { issuer: rule.issuer, owner: rule.owner } })
    return context.json(shownRule(rule), 201)
  })
  app.openapi(guarded(deleteTrustRule), async (context) => {
    const { name } = context.req.valid('param')
    context.get('audit').add({ target: name })
    if (!(await parts.control.trustRules.remove(name))) throw fail('api.not-found')
    return context.body(null, 204)
  })
  app.openapi(guarded(listExchangedTokens), async (context) => {
    const rows = await parts.control.exchangedTokens.active(clock.nowMs(), TOKENS_MAX)
    const items = rows.map(({ id, rule, principal, grantType, issuedAtMs, expiresAtMs }) => ({
      id,
      rule,
      principal: principal.id,
      grantType,
      issuedAtMs,
      expiresAtMs,
    }))
    return context.json({ items }, 200)
  })
  app.openapi(guarded(revokeExchangedToken), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    if (!(await parts.control.exchangedTokens.revoke(id, clock.nowMs())))
      throw fail('api.not-found')
    return context.body(null, 204)
  })
}

/** The same judge as for custody.yaml, so that neither place accepts what the other refuses. */
function checkedRule(name: string, written: unknown): Rule {
  const checked = trustRuleSchema.safeParse(written)
  if (!checked.success) {
    throw new InvalidRequest(
      checked.error.issues.map(({ path, message }) => ({
        path: ['rule', ...path.map(String)].join('.'),
        message,
      })),
    )
  }
  const { rule, problems } = trustRule(name, checked.data, false)
  if (problems.length === 0) return rule
  throw new InvalidRequest(
    problems.map(({ path, message, hint }) => ({
      path: ['rule', ...path].join('.'),
      message: `${message}. ${hint}`,
    })),
  )
}

function shownRule(rule: Rule): TrustRule {
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
    service: rule.service,
    owner: rule.owner,
    keep: [...rule.keep],
    allowedUpstreams: rule.allowedUpstreams === null ? null : [...rule.allowedUpstreams],
    allowedModels: rule.allowedModels === null ? null : [...rule.allowedModels],
    isConfigured: rule.isConfigured,
  }
}
