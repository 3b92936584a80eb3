/** Measures the shipped detectors on a generated development set: the page of packs and their accuracy. */
import { shippedPacks } from '../src/config/rule-files.ts'
import { compileRules } from '../src/detect/compiled-rules.ts'
import { scanText } from '../src/detect/matcher.ts'
import type { MatcherOptions } from '../src/detect/matcher.ts'
import { REPLACE } from '../src/detect/operators.ts'
import type { Rule } from '../src/detect/rule.ts'
import { cell, page, table } from './reference/markdown.ts'
import { negatives, positives } from './accuracy/samples.ts'
import type { Sample } from './accuracy/samples.ts'

const PACKS = ['credentials', 'pci', 'pii', 'phi']

const OPTIONS: MatcherOptions = {
  operators: { byEntity: new Map(), fallback: REPLACE },
  keys: { digest: () => '', encrypt: () => '', tokenFor: () => '' },
  threshold: 0.5,
  encoded: false,
  before: '',
  terms: null,
  everyFinding: false,
}

export interface Score {
  hits: number
  misses: number
  wrong: number
}

function rulesOf(...packs: readonly string[]): ReturnType<typeof compileRules> {
  return compileRules({ documents: shippedPacks(), choice: { packs, without: [] }, terms: null })
}

export function measure(samples: readonly Sample[]): ReadonlyMap<string, Score> {
  const compiled = rulesOf('strict')
  if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems))
  const scores = new Map<string, Score>()
  const scoreOf = (entity: string): Score => {
    const score = scores.get(entity) ?? { hits: 0, misses: 0, wrong: 0 }
    scores.set(entity, score)
    return score
  }
  for (const { text, values } of samples) {
    const { findings } = scanText(compiled.rules.ruleset, text, OPTIONS)
    for (const value of values) {
      const found = findings.some(
        (one) =>
          one.entity === value.entity &&
          (value.isExact
            ? one.start <= value.start && one.end >= value.end
            : one.start < value.end && one.end > value.start),
      )
      const score = scoreOf(value.entity)
      if (found) score.hits += 1
      else score.misses += 1
    }
    for (const one of findings) {
      const meant = values.some((value) => one.start < value.end && one.end > value.start)
      if (!meant) scoreOf(one.entity).wrong += 1
    }
  }
  return scores
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : (part / whole).toFixed(3)

/** Recall counts four times as much as precision. */
function f2({ hits, misses, wrong }: Score): string {
  return share(5 * hits, 5 * hits + 4 * misses + wrong)
}

let made: string | null = null

/** Measured once per process. */
export function detectorsPage(): string {
  made ??= writtenPage()
  return made
}

function writtenPage(): string {
  const full = positives()
  const clean = negatives()
  const rows = [...measure([...full, ...clean])]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([entity, score]) => [
      `\`${entity}\``,
      String(score.hits + score.misses),
      share(score.hits, score.hits + score.wrong),
      share(score.hits, score.hits + score.misses),
      f2(score),
    ])
  const packs = PACKS.map((name) => {
    const compiled = rulesOf(name)
    const rules: readonly Rule[] = compiled.kind === 'compiled' ? compiled.rules.ruleset.rules : []
    const entities = [...new Set(rules.map(({ entity }) => entity))].toSorted()
    return [`\`${name}\``, String(rules.length), cell(entities.join(', '))]
  })
  return page('Detectors', [
    'Shipped packs; `strict` is all of them. What a rule may say: [detector rules](detector-rules.md). How they are used: [masking](../guide/masking.md).',
    table(['pack', 'rules', 'entities'], packs),
    '## Accuracy',
    `Measured by \`tools/detector-accuracy.ts\` on a development set that it generates: ${full.length} texts with values (prose, JSON, Markdown, code, tables) and ${clean.length} without. A value counts as found when a finding of its entity covers all of it; every finding that touches no value counts as wrong. F2 weighs recall four times as much as precision.`,
    table(['entity', 'values', 'precision', 'recall', 'F2'], rows),
    'The set is ours: made-up values with valid check digits, and look-alikes (invalid check digits, order numbers, hashes, versions, identifiers in code). `CREDENTIAL` and the national numbers other than `US_SSN` are drawn from the examples of the rules themselves, so their recall says that a value is found in any surrounding, not that every format in the world is known. Where a value has no check digit and no telling surrounding, expect worse in the wild than here.',
  ])
}
