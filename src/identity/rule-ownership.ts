/** Says who stands behind a trust rule and what is wrong with that; and what a person leaves behind. */
import type { KeyRow } from '../model/keys.ts'
import type { TrustRule, TrustRuleUse } from '../model/trust.ts'
import type { KeyFlag, KeyRules, PeopleByLogin } from './key-ownership.ts'

export interface RuleStanding {
  readonly flags: readonly KeyFlag[]
  /** When it will end for what is flagged; null when it will not, or did. */
  readonly endsAtMs: number | null
  /** Null when it let nobody in yet. */
  readonly lastUsedAtMs: number | null
}

export function ruleStanding(
  rule: Pick<TrustRule, 'name' | 'owner' | 'endedAtMs'>,
  known: {
    readonly people: PeopleByLogin
    readonly uses: readonly TrustRuleUse[]
    /** Since when it stands as it does; null for a rule of custody.yaml that no term was begun for. */
    readonly sinceMs: number | null
    readonly rules: Pick<KeyRules, 'staleAfterMs' | 'graceMs'>
    readonly nowMs: number
  },
): RuleStanding {
  const { people, uses, sinceMs, rules, nowMs } = known
  const mine = uses.filter((use) => use.rule === rule.name)
  const lastUsedAtMs = mine.length === 0 ? null : Math.max(...mine.map((use) => use.lastUsedAtMs))
  const flags: KeyFlag[] = []
  const ends: number[] = []
  const owner = people.get(rule.owner)
  if (owner === undefined) flags.push('ownerless')
  else if (owner.disabledAtMs !== null) {
    flags.push('owner-gone')
    ends.push(owner.disabledAtMs)
  }
  // A rule that was just handed over gets its time, however long ago it was used.
  const staleAtMs = Math.max(lastUsedAtMs ?? 0, sinceMs ?? 0) + rules.staleAfterMs
  const isKnown = lastUsedAtMs !== null || sinceMs !== null
  if (isKnown && nowMs >= staleAtMs) {
    flags.push('stale')
    ends.push(staleAtMs)
  }
  const { graceMs } = rules
  const isEnding = graceMs !== null && ends.length > 0 && rule.endedAtMs === null
  return { flags, lastUsedAtMs, endsAtMs: isEnding ? Math.min(...ends) + graceMs : null }
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
