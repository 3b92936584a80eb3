/** Says who stands behind a trust rule and what is wrong with that; and what a person leaves behind. */
import type { KeyRow } from '../model/keys.ts'
import type { TrustRule, TrustRuleUse } from '../model/trust.ts'
import type { KeyFlag, KeyRules, PeopleByLogin } from './key-ownership.ts'

export interface RuleStanding {
  readonly flags: readonly KeyFlag[]
  /** Null when it let nobody in yet. */
  readonly lastUsedAtMs: number | null
}

export function ruleStanding(
  rule: Pick<TrustRule, 'name' | 'owner'>,
  known: {
    readonly people: PeopleByLogin
    readonly uses: readonly TrustRuleUse[]
    /** Null for rules of custody.yaml: nothing says since when they stand there. */
    readonly createdAtMs: number | null
    readonly rules: Pick<KeyRules, 'staleAfterMs'>
    readonly nowMs: number
  },
): RuleStanding {
  const { people, uses, createdAtMs, rules, nowMs } = known
  const mine = uses.filter((use) => use.rule === rule.name)
  const lastUsedAtMs = mine.length === 0 ? null : Math.max(...mine.map((use) => use.lastUsedAtMs))
  const flags: KeyFlag[] = []
  const owner = people.get(rule.owner)
  if (owner === undefined) flags.push('ownerless')
  else if (owner.disabledAtMs !== null) flags.push('owner-gone')
  const sinceMs = lastUsedAtMs ?? createdAtMs
  if (sinceMs !== null && nowMs >= sinceMs + rules.staleAfterMs) flags.push('stale')
  return { flags, lastUsedAtMs }
}

/** What a person answers for or set off: to hand over, or to look at, when they leave. */
export interface Holdings {
  readonly keys: readonly KeyRow[]
  readonly rules: readonly TrustRule[]
  /** Jobs that they set off, by the trust rule that let them in. */
  readonly jobs: readonly TrustRuleUse[]
}

export function holdingsOf(
  login: string,
  all: {
    readonly keys: readonly KeyRow[]
    readonly rules: readonly TrustRule[]
    readonly uses: readonly TrustRuleUse[]
    readonly nowMs: number
  },
): Holdings {
  return {
    keys: all.keys.filter(
      ({ owner, revokedAtMs, expiresAtMs }) =>
        owner === login && revokedAtMs === null && (expiresAtMs ?? Infinity) > all.nowMs,
    ),
    rules: all.rules.filter(({ owner }) => owner === login),
    jobs: all.uses.filter(({ actor }) => actor === login),
  }
}
