/** Makes a detection rule of a pattern that a policy watches for; it needs no examples, its tests stand in the policy. */
import { lengthOf } from './pattern/node.ts'
import type { Pattern } from './pattern/node.ts'
import { parsePattern } from './pattern/parse-pattern.ts'
import type { Rule, RuleProblem } from './rule.ts'
import { RULE_LIMITS } from './rule.ts'
import type { WatchedPattern } from './compiled-rules.ts'

export type WatchedRule =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'problem'; readonly problem: RuleProblem }

export function watchedRule({ id, entity, pattern }: WatchedPattern): WatchedRule {
  const parsed = parsePattern(pattern)
  const problem = parsed.kind === 'pattern' ? problemOf(parsed.pattern) : parsed.problem
  if (parsed.kind !== 'pattern' || problem !== null)
    return { kind: 'problem', problem: { rule: id, problem: problem ?? '' } }
  return {
    kind: 'rule',
    rule: {
      id,
      entity,
      name: '',
      pattern: parsed.pattern,
      marker: null,
      validate: [],
      context: [],
      unless: [],
      score: 1,
      stream: 'inline',
      tail: null,
      positive: [],
      negative: [],
    },
  }
}

function problemOf({ before, secret, after }: Pattern): string | null {
  const { min, max } = lengthOf(secret)
  if (min === 0) return 'the pattern matches the empty text'
  if (lengthOf(before).max > RULE_LIMITS.beforeMax)
    return `what stands before the match can be longer than ${RULE_LIMITS.beforeMax} characters; bound its repetitions`
  const held = max + lengthOf(after).max
  if (held === Infinity)
    return 'the pattern has no longest match; write {1,100} instead of + and {0,100} instead of *'
  if (held > RULE_LIMITS.lengthMax)
    return `the longest match has ${held} characters; at most ${RULE_LIMITS.lengthMax} are held back`
  return null
}
