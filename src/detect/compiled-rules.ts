/** Everything a matcher looks for, compiled once, with the documents it came from so that a thread can compile its own. */
import { loadRules } from './load-rules.ts'
import type { PackDocument, RuleChoice } from './load-rules.ts'
import type { RuleProblem } from './rule.ts'
import { buildRuleset } from './ruleset.ts'
import type { Ruleset } from './ruleset.ts'
import { TermList } from './term-list.ts'
import type { TermGroup } from './term-list.ts'
import { watchedRule } from './watched-rule.ts'

/** Plain data: it can be sent to a thread. */
export interface RuleSource {
  readonly documents: readonly PackDocument[]
  readonly choice: RuleChoice
  readonly terms: { readonly entity: string; readonly words: readonly string[] } | null
  /** What a policy looks for beside the rules. */
  readonly watch?: WatchSource
}

/** Plain patterns and words; they carry ids and entities of their own. */
export interface WatchSource {
  readonly patterns: readonly WatchedPattern[]
  readonly terms: readonly TermGroup[]
}

export interface WatchedPattern {
  readonly id: string
  readonly entity: string
  /** RE2 syntax. */
  readonly pattern: string
}

export type CompiledOrProblems =
  | { readonly kind: 'compiled'; readonly rules: CompiledRules }
  | { readonly kind: 'problems'; readonly problems: readonly RuleProblem[] }

/** Private fields keep the automaton out of printed, hashed and frozen configuration. */
export class CompiledRules {
  readonly #source: RuleSource
  readonly #ruleset: Ruleset
  readonly #terms: TermList | null

  constructor(source: RuleSource, ruleset: Ruleset) {
    this.#source = source
    this.#ruleset = ruleset
    const groups = [
      ...(source.terms === null ? [] : [{ id: TERM_RULE, ...source.terms }]),
      ...(source.watch?.terms ?? []),
    ]
    this.#terms = groups.every(({ words }) => words.length === 0) ? null : new TermList(groups)
  }

  get source(): RuleSource {
    return this.#source
  }

  get ruleset(): Ruleset {
    return this.#ruleset
  }

  get terms(): TermList | null {
    return this.#terms
  }
}

/** Rule id that findings of the deny list carry. */
const TERM_RULE = 'deny-list'

export function compileRules(source: RuleSource): CompiledOrProblems {
  const built = loadRules(source.documents, source.choice)
  if (built.kind === 'problems') return built
  return withWatch(new CompiledRules({ ...source, watch: NO_WATCH }, built.ruleset), source.watch)
}

const NO_WATCH: WatchSource = { patterns: [], terms: [] }

/** The same rules with what a policy watches for; without patterns the automaton is shared. */
export function withWatch(base: CompiledRules, watch: WatchSource = NO_WATCH): CompiledOrProblems {
  const source: RuleSource = { ...base.source, watch }
  const read = watch.patterns.map((pattern) => watchedRule(pattern))
  const problems = read.flatMap((one) => (one.kind === 'problem' ? [one.problem] : []))
  if (problems.length > 0) return { kind: 'problems', problems }
  if (read.length === 0) return { kind: 'compiled', rules: new CompiledRules(source, base.ruleset) }
  const own = read.flatMap((one) => (one.kind === 'rule' ? [one.rule] : []))
  const built = buildRuleset([...base.ruleset.rules, ...own])
  return built.kind === 'problems'
    ? built
    : { kind: 'compiled', rules: new CompiledRules(source, built.ruleset) }
}
