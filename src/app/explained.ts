/** Explains what a policy decided on a recorded exchange: with the policy of that time, as far as its text was kept. */
import { readPolicy } from '../config/policy/read-policy.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import type { Explained } from '../incident/policy-desk.ts'
import type { PolicyVersionTable } from '../model/policy-version.ts'
import { explain } from '../policy/explain.ts'
import type { Policy } from '../policy/policy.ts'
import { sightPlan } from '../policy/sight-plan.ts'
import { createRecordedLook } from './recorded-facts.ts'

export interface NamedPolicy {
  /** What people call it: a file, or a version of the console. */
  readonly source: string
  readonly policy: Policy
}

export interface PolicyShelf {
  readonly versions: Pick<PolicyVersionTable, 'byHash'>
  readonly inForce: NamedPolicy | null
  /** Entities of the operator's own detectors. */
  readonly entities: readonly string[]
}

/** The policy that a record names, else the one in force; null where there is neither. */
export async function policyThen(
  { versions, inForce, entities }: PolicyShelf,
  hash: string | null,
): Promise<NamedPolicy | null> {
  if (hash === null || inForce?.policy.hash === hash) return inForce
  const kept = await versions.byHash(hash)
  if (kept === null) return inForce
  const reading = readPolicy(kept.text, kept.source, entities)
  // Written for an older version of the gateway: better explained by what is in force than not at all.
  return reading.kind === 'policy'
    ? { source: kept.source, policy: reading.loaded.policy }
    : inForce
}

/** Null when the body cannot be read. */
export async function explained(
  recorded: RecordedExchange,
  { source, policy }: NamedPolicy,
  master: Buffer,
): Promise<Explained | null> {
  const plan = sightPlan(null, policy)
  await using look = createRecordedLook(plan.kind === 'plan' ? plan.plan : null, master)
  const facts = await look.facts(recorded)
  if (facts === null) return null
  const { decision = null } = recorded.facts
  const isThen = decision?.policy === policy.hash
  const inForce = new Map((decision?.hits ?? []).map((hit) => [hit.rule, hit.inForce]))
  return {
    exchange: recorded.facts.id,
    source,
    policy: policy.hash,
    isThen,
    recorded: decision,
    rules: explain(policy, facts).map((rule) => {
      // Which side of a canary a conversation was on is what was decided then.
      const was = isThen && rule.outcome !== 'did not fire' ? inForce.get(rule.rule) : undefined
      return was === undefined ? rule : { ...rule, outcome: was ? 'fired' : 'watched' }
    }),
  }
}
