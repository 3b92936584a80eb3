/** Makes, changes, hands over and lists trust rules, for the control plane and the command line. */
import { trustRuleSchema } from '../config/schema-trust.ts'
import { trustRule } from '../config/trust-rule.ts'
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import type { StoredTrustRule, TrustRule, TrustRuleTerm } from '../model/trust.ts'
import { readStoredRule } from './jwt/trust-book.ts'
import type { KeyRules } from './key-ownership.ts'
import { byLogin } from './key-ownership.ts'
import { ruleStanding } from './rule-ownership.ts'
import type { RuleStanding } from './rule-ownership.ts'
import { ruleDigest, termOf, termsByRule, withTerm } from './rule-terms.ts'
import type { NamedRule } from './rule-terms.ts'

export interface TrustAdminParts {
  readonly control: Pick<ControlStore, 'trustRules' | 'trustRuleUses' | 'trustRuleTerms' | 'people'>
  readonly clock: Clock
  readonly keyRules: () => KeyRules
  /** Of custody.yaml. */
  readonly configured: () => readonly TrustRule[]
}

export interface RuleProblem {
  readonly path: string
  readonly message: string
}

export interface ListedRule extends RuleStanding, NamedRule {
  /** Under which it stands now; null when none was written yet. */
  readonly term: TrustRuleTerm | null
}

export type RuleChange =
  | { readonly kind: 'saved'; readonly rule: TrustRule }
  | { readonly kind: 'invalid'; readonly problems: readonly RuleProblem[] }
  /** `configured`: it stands in custody.yaml and is changed there. */
  | { readonly kind: 'taken' | 'configured' | 'conflict' | 'not-found' | 'no-person' }

/** Those of custody.yaml first; a stored one of the same name is not in force and not listed. */
export async function listRules(parts: TrustAdminParts): Promise<readonly ListedRule[]> {
  const { control, clock, keyRules, configured } = parts
  const [rows, uses, people, written] = await Promise.all([
    control.trustRules.list(),
    control.trustRuleUses.list(),
    control.people.list(),
    control.trustRuleTerms.list(),
  ])
  const terms = termsByRule(written)
  const known = { people: byLogin(people), uses, rules: keyRules(), nowMs: clock.nowMs() }
  return rulesInForce(configured(), rows).map((named) => {
    const term = termOf(named, terms)
    const rule = withTerm(named, terms)
    const sinceMs = term?.sinceMs ?? named.stored?.updatedAtMs ?? null
    return { rule, stored: named.stored, term, ...ruleStanding(rule, { ...known, sinceMs }) }
  })
}

export function rulesInForce(
  configured: readonly TrustRule[],
  rows: readonly StoredTrustRule[],
): readonly NamedRule[] {
  const names = new Set(configured.map(({ name }) => name))
  return [
    ...configured.map((rule) => ({ rule, stored: null })),
    ...rows.flatMap((stored) => {
      const rule = names.has(stored.name) ? null : readStoredRule(stored)
      return rule === null ? [] : [{ rule, stored }]
    }),
  ]
}

export async function createRule(
  parts: TrustAdminParts,
  wish: { readonly name: string; readonly written: unknown; readonly by: string },
): Promise<RuleChange> {
  const { name, written, by } = wish
  const checked = checkedRule(name, written)
  if (checked.kind === 'invalid') return checked
  if (isConfigured(parts, name)) return { kind: 'taken' }
  const nowMs = parts.clock.nowMs()
  const isNew = await parts.control.trustRules.insert({
    name,
    written: JSON.stringify(written),
    createdBy: by,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1,
  })
  return isNew ? { kind: 'saved', rule: checked.rule } : { kind: 'taken' }
}

/** `version` is the one that the change is based on. */
export async function updateRule(
  parts: TrustAdminParts,
  wish: { readonly name: string; readonly written: unknown; readonly version: number },
): Promise<RuleChange> {
  const { name, written, version } = wish
  if (isConfigured(parts, name)) return { kind: 'configured' }
  const checked = checkedRule(name, written)
  if (checked.kind === 'invalid') return checked
  const known = await storedRule(parts, name)
  if (known === null) return { kind: 'not-found' }
  const kind = await parts.control.trustRules.update({
    ...known,
    written: JSON.stringify(written),
    updatedAtMs: parts.clock.nowMs(),
    version: version + 1,
  })
  return kind === 'updated' ? { kind: 'saved', rule: checked.rule } : { kind }
}

/** Renews the rule as well. To one of custody.yaml only the owner who stands there can be confirmed. */
export async function handOverRule(
  parts: TrustAdminParts,
  name: string,
  owner: string,
): Promise<RuleChange> {
  const configured = parts.configured().find((rule) => rule.name === name)
  if (configured !== undefined && configured.owner !== owner) return { kind: 'configured' }
  const person = await parts.control.people.byLogin(owner)
  if (person === null || person.disabledAtMs !== null) return { kind: 'no-person' }
  if (configured !== undefined) {
    await parts.control.trustRuleTerms.begin({
      rule: name,
      digest: ruleDigest({ rule: configured, stored: null }),
      sinceMs: parts.clock.nowMs(),
    })
    return { kind: 'saved', rule: configured }
  }
  const known = await storedRule(parts, name)
  if (known === null) return { kind: 'not-found' }
  const before: unknown = JSON.parse(known.written)
  const written = { ...(typeof before === 'object' ? before : {}), owner }
  return updateRule(parts, { name, written, version: known.version })
}

export async function storedRule(
  { control }: Pick<TrustAdminParts, 'control'>,
  name: string,
): Promise<StoredTrustRule | null> {
  return (await control.trustRules.list()).find((row) => row.name === name) ?? null
}

function isConfigured({ configured }: TrustAdminParts, name: string): boolean {
  return configured().some((rule) => rule.name === name)
}

/** The same judge as for custody.yaml, so that neither place accepts what the other refuses. */
function checkedRule(
  name: string,
  written: unknown,
): Extract<RuleChange, { readonly kind: 'saved' | 'invalid' }> {
  const checked = trustRuleSchema.safeParse(written)
  if (!checked.success) {
    return {
      kind: 'invalid',
      problems: checked.error.issues.map(({ path, message }) => ({
        path: ['rule', ...path.map(String)].join('.'),
        message,
      })),
    }
  }
  const { rule, problems } = trustRule(name, checked.data, false)
  if (problems.length === 0) return { kind: 'saved', rule }
  return {
    kind: 'invalid',
    problems: problems.map(({ path, message, hint }) => ({
      path: ['rule', ...path].join('.'),
      message: `${message}. ${hint}`,
    })),
  }
}
