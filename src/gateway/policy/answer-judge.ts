/** Puts what an answer shows before the rules on answers, while it comes and at its end. */
import type { Decision, RuleHit, Verdict } from '../../model/decision.ts'
import { stricter } from '../../model/decision.ts'
import type { ToolCall } from '../../model/dialect.ts'
import { fail } from '../../model/errors.ts'
import type { GatewayError } from '../../model/errors.ts'
import { createMaskKeys } from '../masking/mask-keys.ts'
import { inspectValue } from '../masking/inspect-texts.ts'
import { evaluate } from '../../policy/evaluate.ts'
import { estimatedTokens } from '../../policy/facts.ts'
import type { PolicyFacts, SeenFinding } from '../../policy/facts.ts'
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import type { AnswerRules } from './answer-rules.ts'
import { decidingHit, sentence } from './denial.ts'

export interface SeenInAnswer {
  readonly rule: string
  readonly entity: string
  readonly fingerprint: string
}

export interface AnswerJudge {
  /** Why the answer ends here; null where it may go on. */
  readonly text: (
    findings: readonly SeenInAnswer[],
    bytes: number,
    isEnd: boolean,
  ) => GatewayError | null
  /** `calls` is null where the answer could not be read whole. */
  readonly tools: (calls: readonly ToolCall[] | null) => GatewayError | null
  readonly decision: () => Decision
}

export function createAnswerJudge(
  rules: AnswerRules,
  plan: MaskingPlan | null,
  master: Buffer,
  carried: ReadonlySet<string>,
): AnswerJudge {
  const hits = new Map<string, RuleHit>()
  let judged = 0
  const judge = (facts: PolicyFacts): GatewayError | null => {
    const decision = evaluate(rules.policy, facts)
    for (const hit of decision.hits) hits.set(hit.rule, hit)
    if (decision.verdict !== 'deny') return null
    const hit = decidingHit(decision)
    return hit === null
      ? fail('policy.answer-blocked')
      : fail('policy.answer-denied', sentence(hit))
  }
  const seen = (found: readonly SeenInAnswer[]): readonly SeenFinding[] =>
    found.map(({ rule, entity, fingerprint }) => ({
      rule,
      entity,
      fingerprint,
      isNew: !carried.has(fingerprint),
      role: 'other',
    }))
  return {
    text: (found, bytes, isEnd) => {
      if (!rules.looksAtText) return null
      const isSame = found.length === judged && !rules.asksSize
      if (isSame && !isEnd) return null
      judged = found.length
      return judge({ ...rules.facts, size: sizeOf(bytes), findings: seen(found) })
    },
    tools: (calls) => {
      if (!rules.looksAtTools) return null
      const moment = { ...rules.facts, moment: 'tool_call' as const }
      if (calls === null) return judge({ ...moment, inspection: 'failed' })
      for (const call of calls) {
        const error = judge({
          ...moment,
          tools: [call.name],
          size: sizeOf(Buffer.byteLength(call.arguments)),
          findings: seen(foundIn(call.arguments, plan, master)),
        })
        if (error !== null) return error
      }
      return null
    },
    decision: () => decisionOf(rules.policy.hash, [...hits.values()]),
  }
}

function sizeOf(bytes: number): PolicyFacts['size'] {
  const tokens = estimatedTokens(bytes)
  return { bytes, newBytes: bytes, tokens, newTokens: tokens }
}

/** Arguments are JSON text in a string; they are looked into as such. */
function foundIn(args: string, plan: MaskingPlan | null, master: Buffer): readonly SeenInAnswer[] {
  if (plan === null || args === '') return []
  const keys = createMaskKeys(master, '', () => undefined)
  const settings = {
    operators: { byEntity: new Map(), fallback: { kind: 'keep' as const } },
    threshold: plan.threshold,
    encoded: true,
    numbers: 'string' as const,
    secretKeys: new Set<string>(),
    uncovered: new Set(plan.watch?.own),
  }
  const treatment = 'keep' as const
  const value = { raw: JSON.stringify(args), key: 'arguments', isText: true, treatment }
  return inspectValue(plan.rules, keys, settings, value).findings
}

function decisionOf(policy: string, hits: readonly RuleHit[]): Decision {
  const ordered = hits.toSorted((a, b) => (a.rule < b.rule ? -1 : 1))
  const inForce = ordered.filter((hit) => hit.inForce)
  const verdict = inForce.reduce<Verdict>(
    (strictest, hit) => stricter(strictest, hit.verdict),
    'allow',
  )
  const deciding = inForce.find((hit) => hit.verdict === verdict)?.rule ?? null
  return { policy, verdict, hits: ordered, deciding }
}
