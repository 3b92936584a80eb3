/** Measures the shipped detectors on a generated development set: the page of packs and their accuracy. */
import { shippedPacks } from '../src/config/rule-files.ts'
import { compileRules } from '../src/detect/compiled-rules.ts'
import { scanText } from '../src/detect/matcher.ts'
import type { Rule } from '../src/detect/rule.ts'
import { cell, page, table } from './reference/markdown.ts'
import { SCAN_OPTIONS } from './accuracy/scan-options.ts'
import { negatives, positives } from './accuracy/samples.ts'
import type { Sample } from './accuracy/samples.ts'
import { TRAPS } from './accuracy/traps.ts'
import { createDraw } from './accuracy/values.ts'
import { WILD_FILES } from './accuracy/wild-files.ts'
import { wildSamples } from './accuracy/wild.ts'
import { measureWildFormats, wildFormatsSection } from './accuracy/wild/report.ts'
import type { WildFormatsResult } from './accuracy/wild/report.ts'

const PACKS = ['credentials', 'pci', 'pii', 'phi']

export interface Score {
  hits: number
  misses: number
  wrong: number
}

function rulesOf(...packs: readonly string[]): ReturnType<typeof compileRules> {
  return compileRules({ documents: shippedPacks(), choice: { packs, without: [] }, terms: null })
}

let developed: ReadonlyMap<string, Score> | null = null

/** The development set. Measured once per process. */
export function measureDeveloped(): ReadonlyMap<string, Score> {
  developed ??= measure([...positives(), ...negatives()])
  return developed
}

function measure(samples: readonly Sample[]): ReadonlyMap<string, Score> {
  const compiled = rulesOf('strict')
  if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems))
  const scores = new Map<string, Score>()
  const scoreOf = (entity: string): Score => {
    const score = scores.get(entity) ?? { hits: 0, misses: 0, wrong: 0 }
    scores.set(entity, score)
    return score
  }
  for (const { text, values } of samples) {
    const { findings } = scanText(compiled.rules.ruleset, text, SCAN_OPTIONS)
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

interface WildResult {
  readonly samples: number
  readonly formats: number
  readonly found: number
  /** Recall of each shape, the worst first. */
  readonly shapes: readonly (readonly [shape: string, recall: number])[]
  readonly files: readonly [found: number, all: number]
  /** What of the known kinds of files is missed. */
  readonly missed: readonly string[]
  /** Findings in texts without credentials, by kind. */
  readonly traps: readonly (readonly [kind: string, wrong: number])[]
  readonly trapTexts: number
}

const TRAP_ROUNDS = 20

let wildResult: WildResult | null = null

/** Credentials alone, as they lie about. Measured once per process. */
export function measureWild(): WildResult {
  wildResult ??= measuredWild()
  return wildResult
}

function measuredWild(): WildResult {
  const compiled = rulesOf('credentials')
  if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems))
  const { ruleset } = compiled.rules
  const covers = (text: string, start: number, end: number): boolean =>
    scanText(ruleset, text, SCAN_OPTIONS).findings.some(
      (one) => one.start <= start && one.end >= end,
    )
  const samples = wildSamples()
  const shapes = new Map<string, Score>()
  for (const { shape, text, start, end } of samples) {
    const score = shapes.get(shape) ?? { hits: 0, misses: 0, wrong: 0 }
    shapes.set(shape, score)
    if (covers(text, start, end)) score.hits += 1
    else score.misses += 1
  }
  const missed = Object.entries(WILD_FILES).flatMap(([name, marked]) => {
    const [start, end] = [marked.indexOf('«'), marked.indexOf('»') - 1]
    return covers(marked.replaceAll(/[«»]/g, ''), start, end) ? [] : [name]
  })
  const draw = createDraw(TRAP_SEED)
  const traps = Object.entries(TRAPS).map(([kind, write]) => {
    const texts = Array.from({ length: TRAP_ROUNDS }, () => write(draw))
    const wrong = texts.filter((text) => scanText(ruleset, text, SCAN_OPTIONS).findings.length > 0)
    return [kind, wrong.length] as const
  })
  const files = Object.keys(WILD_FILES).length
  return {
    samples: samples.length,
    formats: new Set(samples.map(({ rule }) => rule)).size,
    found: [...shapes.values()].reduce((sum, { hits }) => sum + hits, 0),
    shapes: [...shapes]
      .map(([shape, { hits, misses }]) => [shape, hits / (hits + misses)] as const)
      .toSorted((a, b) => a[1] - b[1]),
    files: [files - missed.length, files],
    missed,
    traps,
    trapTexts: traps.length * TRAP_ROUNDS,
  }
}

let formatsResult: WildFormatsResult | null = null

/** All packs. Measured once per process. */
export function measureFormats(): WildFormatsResult {
  if (formatsResult !== null) return formatsResult
  const compiled = rulesOf('strict')
  if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems))
  formatsResult = measureWildFormats(compiled.rules.ruleset, SCAN_OPTIONS)
  return formatsResult
}

const TRAP_SEED = 20_261_130

function wildSection(): readonly string[] {
  const wild = measureWild()
  const wrong = wild.traps.filter(([, count]) => count > 0)
  const [found, all] = wild.files
  return [
    '## Credentials in the wild',
    `The secrets of ${wild.formats} shipped formats without the surroundings of their examples, written in ${wild.shapes.length} other ways (configuration, code, commands, logs, tickets): ${wild.samples} texts, recall ${share(wild.found, wild.samples)}. The worst:`,
    table(
      ['way of writing', 'recall'],
      wild.shapes.slice(0, 8).map(([shape, recall]) => [cell(shape), recall.toFixed(3)]),
    ),
    `Files and lines of known kinds, which the rules were then mended to find, so this is no independent evidence (\`.npmrc\`, kubeconfig, connection strings, shell history, framework settings …): ${found} of ${all} found${wild.missed.length === 0 ? '' : `; missed: ${wild.missed.join(', ')}`}.`,
    `Texts that only look like it (${wild.traps.length} kinds: digests, lock files, ids, images in base64, placeholders, code that reads values): ${wrong.reduce((sum, [, count]) => sum + count, 0)} of ${wild.trapTexts} have a finding${wrong.length === 0 ? '' : ` (${wrong.map(([kind, count]) => `${kind}: ${count}`).join(', ')})`}.`,
  ]
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
  const rows = [...measureDeveloped()]
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
    ...wildSection(),
    ...wildFormatsSection(measureFormats()),
    '## What this says and what not',
    'The sets are ours: made-up values with valid check digits, and look-alikes (invalid check digits, order numbers, hashes, versions, identifiers in code). `CREDENTIAL` and the national numbers other than `US_SSN` are drawn from the examples of the rules themselves, so their recall says that a value is found in any surrounding, not that every format in the world is known. Where a value has no check digit and no telling surrounding, expect worse in the wild than here.',
  ])
}
