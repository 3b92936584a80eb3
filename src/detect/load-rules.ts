/** Puts packs together into a ruleset; refuses rules that are malformed, over budget or fail their own examples. */
import type { AutomatonLimits } from './pattern/automaton.ts'
import { AUTOMATON_LIMITS } from './pattern/automaton.ts'
import { scanText } from './matcher.ts'
import type { MatcherOptions } from './matcher.ts'
import { REPLACE } from './operators.ts'
import { isRecord, readRule } from './read-rule.ts'
import type { Macros } from './read-rule.ts'
import type { Rule, RuleProblem } from './rule.ts'
import { buildRuleset } from './ruleset.ts'
import type { BuiltRuleset, Ruleset } from './ruleset.ts'

/** A parsed document: `{ pack, include?, macros?, rules? }`. */
export type PackDocument = unknown

export interface RuleChoice {
  /** Names of packs to take; a pack may include others. */
  readonly packs: readonly string[]
  /** Rule ids to leave out. */
  readonly without: readonly string[]
}

export const DEFAULT_THRESHOLD = 0.5

export function loadRules(
  documents: readonly PackDocument[],
  choice: RuleChoice,
  limits: AutomatonLimits = AUTOMATON_LIMITS,
): BuiltRuleset {
  const shelf = new PackShelf(documents)
  const rules = shelf.take(choice.packs).filter((rule) => !choice.without.includes(rule.id))
  if (shelf.problems.length > 0) return { kind: 'problems', problems: shelf.problems }
  const built = buildRuleset(rules, limits)
  if (built.kind === 'problems') return built
  const failed = checkExamples(built.ruleset)
  return failed.length > 0 ? { kind: 'problems', problems: failed } : built
}

class PackShelf {
  readonly problems: RuleProblem[] = []
  readonly #packs = new Map<string, Readonly<Record<string, unknown>>>()
  readonly #taken = new Set<string>()
  readonly #ids = new Set<string>()

  constructor(documents: readonly PackDocument[]) {
    for (const document of documents) {
      const name = isRecord(document) ? document['pack'] : null
      if (!isRecord(document) || typeof name !== 'string')
        this.#refuse('', 'a pack must be a mapping with a name: pack: …')
      else if (this.#packs.has(name)) this.#refuse('', `the pack ${name} is there twice`)
      else this.#packs.set(name, document)
    }
  }

  take(names: readonly string[]): readonly Rule[] {
    return names.flatMap((name) => {
      if (this.#taken.has(name)) return []
      this.#taken.add(name)
      const pack = this.#packs.get(name)
      if (pack === undefined) {
        this.#refuse(
          '',
          `there is no pack ${name}; there are ${[...this.#packs.keys()].join(', ')}`,
        )
        return []
      }
      return [...this.take(texts(pack['include'])), ...this.#rulesOf(name, pack)]
    })
  }

  #refuse(rule: string, problem: string): void {
    this.problems.push({ rule, problem })
  }

  #rulesOf(name: string, pack: Readonly<Record<string, unknown>>): readonly Rule[] {
    const rules = pack['rules'] ?? []
    if (!Array.isArray(rules)) {
      this.#refuse('', `rules of the pack ${name} must be a list`)
      return []
    }
    const macros = readMacros(pack['macros'])
    return rules.flatMap((data: unknown) => this.#rule(data, macros))
  }

  #rule(data: unknown, macros: Macros): readonly Rule[] {
    const id = isRecord(data) && typeof data['id'] === 'string' ? data['id'] : ''
    const read = readRule(data, macros)
    if (read.kind === 'problems') {
      for (const problem of read.problems) this.#refuse(id, problem)
      return []
    }
    if (this.#ids.has(id)) this.#refuse(id, 'there is another rule with this id')
    this.#ids.add(id)
    return [read.rule]
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A macro may use macros that stand before it. */
function readMacros(value: unknown): Macros {
  const macros = new Map<string, string>()
  if (!isRecord(value)) return macros
  for (const [name, body] of Object.entries(value)) {
    if (typeof body !== 'string') continue
    macros.set(
      name,
      body.replaceAll(/\{\{([a-z][a-z0-9-]*)\}\}/g, (_all, used) => macros.get(String(used)) ?? ''),
    )
  }
  return macros
}

const EXAMPLE_OPTIONS: MatcherOptions = {
  operators: { byEntity: new Map(), fallback: REPLACE },
  keys: { digest: () => '', encrypt: () => '', tokenFor: () => '' },
  threshold: DEFAULT_THRESHOLD,
  encoded: false,
  before: '',
  terms: null,
  everyFinding: true,
}

/** Each positive example must be found by its rule, no negative may be; a match must contain the rule's marker. */
export function checkExamples(ruleset: Ruleset): readonly RuleProblem[] {
  return ruleset.rules.flatMap((rule) => {
    // Each rule is tried alone: the automaton of all rules stays free of states that only examples need.
    const alone = buildRuleset([rule])
    if (alone.kind === 'problems') return alone.problems
    const finds = (example: string): boolean =>
      scanText(alone.ruleset, example, EXAMPLE_OPTIONS).findings.length > 0
    const missed = rule.positive.findIndex((example) => !finds(example))
    const wrong = rule.negative.findIndex(finds)
    const marker = rule.marker?.toLowerCase() ?? ''
    const unmarked = rule.positive.findIndex((example) => !example.toLowerCase().includes(marker))
    const problems: RuleProblem[] = []
    if (missed >= 0)
      problems.push({ rule: rule.id, problem: `positive example ${missed + 1} is not found` })
    if (wrong >= 0)
      problems.push({ rule: rule.id, problem: `negative example ${wrong + 1} is found` })
    if (unmarked >= 0)
      problems.push({ rule: rule.id, problem: `positive example ${unmarked + 1} lacks the marker` })
    return problems
  })
}
