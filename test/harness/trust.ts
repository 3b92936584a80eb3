/** Trust rules for tests, and an authenticator over them that needs no gateway. */
import { trustRuleSchema } from '../../src/config/schema-trust.ts'
import type { WrittenTrustRule } from '../../src/config/schema-trust.ts'
import { trustRule } from '../../src/config/trust-rule.ts'
import type { TrustProblem } from '../../src/config/trust-rule.ts'
import { createJwtAuthenticator } from '../../src/identity/jwt/jwt-authenticator.ts'
import { createTrustBook } from '../../src/identity/jwt/trust-book.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { IdentityResult } from '../../src/model/principal.ts'
import type { TrustRule, TrustRuleTable } from '../../src/model/trust.ts'

export function readRule(
  written: WrittenTrustRule,
  name = 'rule',
): { readonly rule: TrustRule; readonly problems: readonly TrustProblem[] } {
  return trustRule(name, trustRuleSchema.parse(written), true)
}

export function ruleOf(written: WrittenTrustRule, name = 'rule'): TrustRule {
  const { rule, problems } = readRule(written, name)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return rule
}

const NO_STORED_RULES: TrustRuleTable = {
  insert: async () => false,
  list: async () => [],
  update: async () => 'not-found',
  remove: async () => false,
  version: () => 1,
}

export type Ask = (token: string) => Promise<IdentityResult | null>

export function trusting(rules: readonly TrustRule[], clock: Clock = systemClock): Ask {
  const trust = { rules, allowPrivateIssuers: true }
  const book = createTrustBook({
    table: NO_STORED_RULES,
    terms: { list: async () => [] },
    config: () => trust,
    clock,
    onUnreadable: () => {},
  })
  const { authenticate } = createJwtAuthenticator({ book, clock })
  return async (token) => authenticate(token)
}

/** The reason of a refusal, or `accepted`. */
export function outcome(result: IdentityResult | null): string {
  if (result === null) return 'not ours'
  return result.kind === 'principal' ? 'accepted' : result.reason
}
