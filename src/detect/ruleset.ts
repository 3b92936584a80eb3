/** Rules compiled for matching: one automaton over all of them, and an exact search for each. */
import { Automaton, AUTOMATON_LIMITS } from './pattern/automaton.ts'
import type { AutomatonLimits } from './pattern/automaton.ts'
import { ExactSearch } from './pattern/exact-search.ts'
import type { Node, Pattern } from './pattern/node.ts'
import { Lanes } from './pattern/lanes.ts'
import { lengthOf } from './pattern/node.ts'
import { OverBudget } from './pattern/program.ts'
import type { Rule, RuleProblem } from './rule.ts'
import { RULE_LIMITS } from './rule.ts'

/** One pattern that the automaton watches for. */
export interface Probe {
  readonly rule: Rule
  /** Index of the rule in the ruleset. */
  readonly number: number
  readonly search: ExactSearch
  /** Longest context before the secret. */
  readonly before: number
  /** Shortest secret. */
  readonly shortest: number
  /** Finds the end of a swallowed block; null for other rules. */
  readonly until: Automaton | null
  /** True for the form that a secret takes when the text ends in the middle of it. */
  readonly cut: boolean
}

export interface Ruleset {
  readonly rules: readonly Rule[]
  readonly probes: readonly Probe[]
  readonly automaton: Lanes
  /** Longest context of any rule. */
  readonly before: number
  /** Longest match of any rule, plus one. */
  readonly longest: number
}

export type BuiltRuleset =
  | { readonly kind: 'ruleset'; readonly ruleset: Ruleset }
  | { readonly kind: 'problems'; readonly problems: readonly RuleProblem[] }

export function buildRuleset(
  rules: readonly Rule[],
  limits: AutomatonLimits = AUTOMATON_LIMITS,
): BuiltRuleset {
  const problems: RuleProblem[] = []
  const probes: Probe[] = []
  const patterns: Pattern[] = []
  rules.forEach((rule, number) => {
    const cut = cutForm(rule.pattern)
    for (const pattern of cut === null ? [rule.pattern] : [rule.pattern, cut]) {
      const search = within(() => new ExactSearch(pattern, RULE_LIMITS.instructionsMax))
      if (search === null) {
        problems.push({ rule: rule.id, problem: RULE_OVER_BUDGET })
        return
      }
      const end = pattern === cut ? null : (rule.tail?.until ?? null)
      const until = end === null ? null : new Automaton([end], limits, { exact: true })
      patterns.push(pattern)
      probes.push({
        rule,
        number,
        search,
        before: lengthOf(pattern.before).max,
        shortest: lengthOf(pattern.secret).min,
        until,
        cut: pattern === cut,
      })
    }
  })
  const automaton = within(() => new Lanes(patterns, limits))
  if (automaton === null) problems.push({ rule: '', problem: overBudget(probes, limits) })
  if (automaton === null || problems.length > 0) return { kind: 'problems', problems }
  const before = Math.max(0, ...probes.map((probe) => probe.before))
  const longest = Math.max(0, ...rules.map(({ pattern }) => wholeLength(pattern))) + 1
  return { kind: 'ruleset', ruleset: { rules, probes, automaton, before, longest } }
}

const RULE_OVER_BUDGET = `the automaton of the rule is over budget (${RULE_LIMITS.instructionsMax} instructions); lower its repetition counts or split it`
const LARGEST_SHOWN = 3

function overBudget(probes: readonly Probe[], { instructionsMax }: AutomatonLimits): string {
  const largest = probes
    .toSorted((a, b) => b.search.size - a.search.size)
    .slice(0, LARGEST_SHOWN)
    .map(({ rule, search }) => `${rule.id} ${search.size}`)
  return `all rules together are over budget (${instructionsMax} instructions); leave packs or rules out (without), lower the repetition counts of the largest (${largest.join(', ')}), and give exact words as terms, which have an automaton of their own`
}

function within<T>(build: () => T): T | null {
  try {
    return build()
  } catch (error) {
    if (error instanceof OverBudget) return null
    throw error
  }
}

function wholeLength(pattern: Pattern): number {
  return lengthOf(pattern.before).max + lengthOf(pattern.secret).max + lengthOf(pattern.after).max
}

const CUT_MARKER_MIN = 3
const CUT_SECRET_MIN = 8
const MARKER_CHOICES_MAX = 4

/**
 * A secret cut off by the end of the text (`max_tokens`, abort) is still most of a secret: a literal marker and some
 * of the characters that must follow it, then the end. Null when the secret does not begin with a literal marker.
 */
function cutForm(pattern: Pattern): Pattern | null {
  const items = pattern.secret.kind === 'cat' ? pattern.secret.items : []
  const body = items.findIndex((item) => !isMarkerUnit(item))
  const run = items[body]
  if (body < CUT_MARKER_MIN || run?.kind !== 'repeat' || run.item.kind !== 'set') return null
  if (run.min <= CUT_SECRET_MIN) return null
  const partial: Node = { ...run, min: CUT_SECRET_MIN, max: run.min - 1 }
  return {
    before: pattern.before,
    secret: { kind: 'cat', items: [...items.slice(0, body), partial] },
    after: { kind: 'assert', at: 'end' },
  }
}

function isMarkerUnit(node: Node): boolean {
  if (node.kind !== 'set') return false
  return node.set.reduce((units, [low, high]) => units + high - low + 1, 0) <= MARKER_CHOICES_MAX
}
