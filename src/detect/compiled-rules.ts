/** Everything a matcher looks for, compiled once, with the documents it came from so that a thread can compile its own. */
import { loadRules } from './load-rules.ts'
import type { PackDocument, RuleChoice } from './load-rules.ts'
import type { RuleProblem } from './rule.ts'
import type { Ruleset } from './ruleset.ts'
import { TermList } from './term-list.ts'

/** Plain data: it can be sent to a thread. */
export interface RuleSource {
  readonly documents: readonly PackDocument[]
  readonly choice: RuleChoice
  readonly terms: { readonly entity: string; readonly words: readonly string[] } | null
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
    const { terms } = source
    this.#terms =
      terms === null || terms.words.length === 0
        ? null
        : new TermList(TERM_RULE, terms.entity, terms.words)
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
  return built.kind === 'problems'
    ? built
    : { kind: 'compiled', rules: new CompiledRules(source, built.ruleset) }
}
