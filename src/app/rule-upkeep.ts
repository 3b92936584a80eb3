/** Ends trust rules that let nobody in for long or whose owner left, once the grace is over; warns before. */
import { listRules } from '../identity/trust-admin.ts'
import type { TrustAdminParts } from '../identity/trust-admin.ts'
import { ruleDigest } from '../identity/rule-terms.ts'
import type { Logger } from '../telemetry/logger.ts'
import { repeat, type Repeated } from './repeat.ts'

const LOOK_EVERY_MS = 10 * 60 * 1000

/** Every worker looks; the table lets a rule end once. That it ended is made evidence by the journal of rules. */
export function keepRules(
  parts: TrustAdminParts & { readonly log: Pick<Logger, 'warn'> },
): Repeated {
  const { control, clock, log } = parts
  /** Rule and end, as the operators were warned. */
  const warned = new Map<string, number>()
  const look = async (): Promise<void> => {
    const nowMs = clock.nowMs()
    for (const listed of await listRules(parts)) {
      const { rule, stored, term, flags, endsAtMs } = listed
      const name = rule.name
      const digest = ruleDigest(listed)
      if (stored === null && term === null) {
        await control.trustRuleTerms.begin({ rule: name, digest, sinceMs: nowMs })
        continue
      }
      const facts = { rule: name, owner: rule.owner, because: flags.join(' ') }
      if (endsAtMs === null) warned.delete(name)
      else if (endsAtMs <= nowMs) {
        const sinceMs = term?.sinceMs ?? stored?.updatedAtMs ?? nowMs
        const { because } = facts
        if (
          await control.trustRuleTerms.end({
            rule: name,
            digest,
            sinceMs,
            endedAtMs: nowMs,
            because,
          })
        )
          log.warn(facts, 'trust rule ended')
      } else if (warned.get(name) !== endsAtMs) {
        warned.set(name, endsAtMs)
        log.warn({ ...facts, endsAtMs }, 'trust rule will end')
      }
    }
  }
  return repeat(look, LOOK_EVERY_MS, (error) => log.warn({}, 'trust rules not looked after', error))
}
