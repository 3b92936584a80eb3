/** Makes what finds a hunted text, pattern or detector rule; each takes time linear in what it looks into. */
import { readRuleText } from '../config/rule-files.ts'
import { compileRules } from '../detect/compiled-rules.ts'
import { createMatcher } from '../detect/matcher.ts'
import { ExactSearch } from '../detect/pattern/exact-search.ts'
import { parsePattern } from '../detect/pattern/parse-pattern.ts'
import type { Finder } from '../incident/trace/scan-record.ts'
import { textFinder } from '../incident/trace/scan-record.ts'
import type { HuntKind } from '../model/hunts.ts'

const STATES_MAX = 20_000
const MATCHES_MAX = 20
const THRESHOLD = 0.5

/** What is wrong with it, in words, when it cannot be run. */
export function huntFinder(kind: Exclude<HuntKind, 'policy'>, text: string): Finder | string {
  if (kind === 'text') return textFinder(text)
  return kind === 'pattern' ? patternFinder(text) : ruleFinder(text)
}

export function patternFinder(source: string): Finder | string {
  const parsed = parsePattern(source)
  if (parsed.kind === 'problem') return parsed.problem
  const search = new ExactSearch(parsed.pattern, STATES_MAX)
  return (text) => {
    const found: { start: number; end: number }[] = []
    for (let from = 0; from <= text.length && found.length < MATCHES_MAX;) {
      const match = search.find({ text, from, to: text.length, atStart: true, final: true })
      if (match === null) break
      if (match.end > match.start) found.push({ start: match.start, end: match.end })
      from = Math.max(match.end, from + 1)
    }
    return found
  }
}

/** One rule or a list of them, as in a rule file; every rule counts from a score of one half. */
function ruleFinder(yaml: string): Finder | string {
  const read = readRuleText(yaml)
  if (read.kind === 'problem') return read.problem
  const compiled = compileRules({
    documents: [{ pack: 'hunt', rules: read.rules, macros: read.macros }],
    choice: { packs: ['hunt'], without: [] },
    terms: null,
  })
  if (compiled.kind === 'problems') {
    return compiled.problems.map(({ rule, problem }) => `${rule}: ${problem}`).join('; ')
  }
  const { rules } = compiled
  return (text) => {
    const matcher = createMatcher(rules.ruleset, {
      operators: { byEntity: new Map(), fallback: { kind: 'keep' } },
      // Where it is, is asked; what it is, is not kept.
      keys: { digest: () => '', encrypt: () => '', tokenFor: () => '' },
      threshold: THRESHOLD,
      encoded: true,
      terms: rules.terms,
      everyFinding: false,
      before: '',
    })
    return [...matcher.push(text).findings, ...matcher.end().findings]
      .map(({ start, end }) => ({ start, end }))
      .toSorted((a, b) => a.start - b.start)
      .slice(0, MATCHES_MAX)
  }
}
